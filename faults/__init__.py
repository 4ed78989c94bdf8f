"""`make faults`: what may fail is made to fail under load, and the history is judged."""
