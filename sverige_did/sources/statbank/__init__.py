"""Statistics Denmark's public statistics bank: asked over the network by one command, and by no other."""
