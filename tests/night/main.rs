//! A night: hundreds of calls over several plans, a provider that fails at one request in five, a daemon that is
//! killed again and again. In the morning every plan is done and the books agree to the token.

#[path = "../support/mod.rs"]
mod support;

mod provider;
mod through;
