//! What tests of stores need. Feature `testing`.
