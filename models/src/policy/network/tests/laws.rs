//! Laws of policies of the network.
