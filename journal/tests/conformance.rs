//! Every store of this crate passes the one suite.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

use std::sync::Arc;

use journal::conformance::Enlisted;
use journal::{FileStore, MemoryStore};

journal::conformance!(memory, || Enlisted::new(MemoryStore::new()));

journal::conformance!(real_files, || {
    let dir = tempfile::tempdir().unwrap();
    let store = FileStore::on_disk(
        dir.path().to_path_buf(),
        Arc::new(|| "2026-11-23T20-15-00Z".to_owned()),
    );
    Enlisted::keeping(dir, store)
});

journal::conformance!(simulated_files, || {
    let dir = std::path::Path::new("/vault");
    let disk = Arc::new(journal::SimDisk::new(dir));
    Enlisted::new(FileStore::new(
        disk,
        dir.into(),
        Arc::new(|| "2026-11-23T20-15-00Z".to_owned()),
    ))
});
