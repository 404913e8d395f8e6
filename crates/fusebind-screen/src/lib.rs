//! fusebind-screen
