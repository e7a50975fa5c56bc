//! The embedders and the engine that gives them out: with the real model where the machine has it, and against every
//! kind of file, library and hub that is not as it should be.
//!
//! `MODULATIO_MINILM_DIR` names the folder of the model, with `reference.jsonl` beside it, and `ORT_DYLIB_PATH` the library
//! of ONNX Runtime. A test that needs what is not there says so by name on stderr (`.ci/run` gathers these lines).

#![cfg(feature = "fastembed")]

mod child;
mod damage;
mod ground;
mod hub;
mod library;
mod memory;
mod quality;
mod reference;
mod set;
