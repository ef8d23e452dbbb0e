//! finbridge-tests
