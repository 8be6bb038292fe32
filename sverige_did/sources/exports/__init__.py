"""What municipalities' systems write out, as registers: events of placements, the L201 delivery, and OS2bos."""
