"""One session with a peer, whatever carries it: the handshake, the lists, and what else the peer does."""
