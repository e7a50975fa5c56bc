//! The agents' tools against whatever an agent, or a program that it started, may try with them.

#![cfg(unix)]

mod files;
