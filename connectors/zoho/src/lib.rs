//! finbridge-zoho
