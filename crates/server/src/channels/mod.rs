//! The server end of the nodes' channels.
