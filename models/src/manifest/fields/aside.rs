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
        self.reading.content.name(name);
        let path = Path { parent: self.path, name, is_list: false };
        let whole = self.below(&path, node);
        Some(whole.run(|fields| {
            let value = read(fields);
            fields.leave();
            value
        }))
    }

    /// The text of a field that stays listed likewise.
    pub(in crate::manifest) fn glance(&mut self, name: &'static str) -> Option<Located<String>> {
        let node = self.node.get(name).filter(|node| node.kind() == NodeKind::String)?;
        self.reading.content.scalar(name, node.text());
        Some(Located::new(node.text().to_owned(), node.place()))
    }
}
