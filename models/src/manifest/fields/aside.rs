//! Fields that some answer reads and that stay listed all the same, because the rest of the house
//! makes nothing of them.

use super::{Fields, Path};
use crate::manifest::Located;
use crate::manifest::yaml::NodeKind;

impl<'r, 's, 'd> Fields<'_, 'r, 's, 'd> {
    /// A mapping under this one that some answer reads and the rest of the house makes nothing of:
    /// it stays listed as the kind's table says, as a whole.
    pub(in crate::manifest) fn aside<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Fields<'_, 'r, 's, 'd>) -> T,
    ) -> Option<T> {
        let node = self.node.get(name).filter(|node| node.kind() == NodeKind::Mapping)?;
        // The fingerprint is that of what is modelled.
        let content = self.reading.content.clone();
        let path = Path { parent: self.path, name, is_list: false };
        let whole = self.below(&path, node);
        let value = whole.run(|fields| {
            let value = read(fields);
            fields.leave();
            value
        });
        self.reading.content = content;
        Some(value)
    }

    /// The text of a field that stays listed likewise.
    pub(in crate::manifest) fn glance(&self, name: &'static str) -> Option<Located<String>> {
        let node = self.node.get(name).filter(|node| node.kind() == NodeKind::String)?;
        Some(Located::new(node.text().to_owned(), node.place()))
    }
}
