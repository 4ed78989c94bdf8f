"""What a file says of itself as XMP: title, language, PDF/UA-1; nothing of who or when."""

from typing import Final
from xml.sax.saxutils import escape

LANGUAGE: Final = "ru-RU"
_PACKET: Final = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language>
<pdfuaid:part>1</pdfuaid:part>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""


def packet(title: str) -> bytes:
    """A stream object, readable without any library."""
    said = _PACKET.format(title=escape(title), language=LANGUAGE).encode()
    return b"<< /Type /Metadata /Subtype /XML /Length %d >>\nstream\n%b\nendstream" % (
        len(said),
        said,
    )
