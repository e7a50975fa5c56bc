//! Long texts of events: in the project's content-addressed store, durable before the frame that names them.

use projections::{
    event::Event,
    payload::{BlobRef, Digest, INLINE_LIMIT, Payload},
};

use super::Project;
use crate::error::Result;

impl Project {
    /// Moves long texts of events to the blob store; the events then hold their addresses.
    pub(super) fn keep_long_texts(&self, events: &mut [Event]) -> Result<()> {
        for payload in events.iter_mut().flat_map(Event::texts_mut) {
            if let Payload::Text(text) = payload
                && text.len() > INLINE_LIMIT
            {
                self.make_dir("blobs")?;
                let b3 = Digest(self.blobs().put(text.as_bytes())?.0);
                let bytes = text.len() as u64;
                *payload = Payload::Blob(BlobRef { b3, bytes });
            }
        }
        Ok(())
    }

    /// The bytes of a payload, wherever they lie.
    ///
    /// # Errors
    /// [`crate::error::Error::Journal`] when its blob is missing or holds other bytes.
    pub fn resolve(&self, payload: &Payload) -> Result<Vec<u8>> {
        match payload {
            Payload::Text(text) => Ok(text.clone().into_bytes()),
            Payload::Blob(blob) => Ok(self.blobs().get(&journal::Hash(blob.b3.0))?),
        }
    }
}
