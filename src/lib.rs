//! modulatio runs approved LLM-agent plans unattended, survives crashes, and proves what happened.

pub mod models;
