//! finbridge-sync
