//! A plan file that lies there without a journal: recorded as found, in-flight state included.

use projections::{
    document,
    ids::PlanId,
    payload::{Digest, Payload},
};

use super::{Actor, PlanLog, Project};
use crate::{
    decide,
    error::{Error, Result},
};

impl Project {
    /// Gives a found plan file its journal.
    ///
    /// # Errors
    /// [`Error::NoPlan`] without a file, [`Error::BadFile`] for one that is no plan: it is left as it is.
    pub(super) fn import_plan(&self, id: &PlanId) -> Result<PlanLog> {
        let path = self.plan_path(id);
        let bytes = match super::regular::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(Error::NoPlan(id.clone()));
            }
            Err(error) => return Err(Error::io("read", path)(error)),
        };
        let bad = |why: String| Error::BadFile {
            file: path.clone(),
            why,
        };
        let document = document::read(&bytes).map_err(|e| bad(e.to_string()))?;
        if document.values.contains_key("journal") {
            let why = "it names a journal that is gone; restore the journal from a backup, \
                       or remove the `journal:` line to import the plan as it stands";
            return Err(bad(why.to_owned()));
        }
        let events = decide::import(id, &document, self.usage_beside(id), Digest::of(&bytes))
            .map_err(|e| bad(e.to_string()))?;
        let actor = Actor::named("import");
        match PlanLog::create(self, id, events, &actor) {
            // Another process imported it in the same instant.
            Err(Error::Journal(journal::Error::Exists { .. })) => PlanLog::open(self, id),
            made => made,
        }
    }

    /// The usage ledger that lies beside the plan; ours goes on after it.
    fn usage_beside(&self, id: &PlanId) -> Option<Payload> {
        let path = self.dir().join(projections::files::Ledger::Usage.path(id));
        let text = super::regular::read_text(&path)
            .ok()
            .filter(|text| !text.is_empty())?;
        let whole = if text.ends_with('\n') {
            text
        } else {
            format!("{text}\n")
        };
        Some(Payload::Text(whole))
    }
}
