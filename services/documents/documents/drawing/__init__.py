"""What every document is drawn with: letters and fonts, the two pens, PDF files and their tags."""
