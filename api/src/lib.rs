//! finbridge
