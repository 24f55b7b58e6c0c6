//! Changes to a ring's TOML that leave comments and formatting as they are.

use toml_edit::{
    Array, ArrayOfTables, DocumentMut, InlineTable, Item, RawString, Table, Value, value,
};
use zeroize::Zeroizing;

use super::new_key::NewKey;
use crate::{failure::Failure, file::RingText};

/// A ring's document while it is changed.
pub(super) struct TomlEdit<'a> {
    file: &'a RingText,
    document: DocumentMut,
}

impl<'a> TomlEdit<'a> {
    pub(super) fn new(file: &'a RingText) -> Result<Self, Failure> {
        let document = file.text.parse::<DocumentMut>();
        let document = document.map_err(|error| file.failure(error.message().to_owned()))?;
        Ok(Self { file, document })
    }

    pub(super) fn prepend(&mut self, new: &NewKey) -> Result<(), Failure> {
        match self.document.get_mut("keys") {
            Some(Item::ArrayOfTables(tables)) => prepend_table(tables, new),
            Some(Item::Value(Value::Array(array))) => prepend_inline(array, new),
            _ => return Err(self.not_a_list()),
        }
        Ok(())
    }

    /// Takes out the entry at this place, with the comments that belong to it.
    pub(super) fn remove(&mut self, position: usize) -> Result<(), Failure> {
        match self.document.get_mut("keys") {
            Some(Item::ArrayOfTables(tables)) => remove_table(tables, position),
            Some(Item::Value(Value::Array(array))) => remove_inline(array, position),
            _ => return Err(self.not_a_list()),
        }
        Ok(())
    }

    /// Puts one key in the place of all, in whatever form they stand.
    pub(super) fn start_over(&mut self, new: &NewKey) -> Result<(), Failure> {
        let is_list = match self.document.get("keys") {
            Some(Item::ArrayOfTables(_)) => true,
            Some(Item::Value(value)) => value.is_array(),
            _ => false,
        };
        if !is_list {
            self.document.insert("keys", value(Array::new()));
            return self.prepend(new);
        }
        for position in (0..self.file.ring.entries().len()).rev() {
            self.remove(position)?;
        }
        self.prepend(new)
    }

    pub(super) fn drop_start(&mut self, position: usize) {
        match self.document.get_mut("keys") {
            Some(Item::ArrayOfTables(tables)) => {
                if let Some(table) = tables.get_mut(position) {
                    table.remove("not_before");
                }
            }
            Some(Item::Value(Value::Array(array))) => {
                if let Some(Value::InlineTable(table)) = array.get_mut(position) {
                    table.remove("not_before");
                }
            }
            _ => {}
        }
    }

    /// The changed text, with the line ends of the old one.
    pub(super) fn finish(self) -> Zeroizing<String> {
        let text = Zeroizing::new(self.document.to_string());
        let bom = if self.file.text.starts_with('\u{feff}') { "\u{feff}" } else { "" };
        let text = Zeroizing::new(format!("{bom}{}", text.trim_start_matches('\u{feff}')));
        match self.file.text.contains("\r\n") {
            true => Zeroizing::new(text.replace("\r\n", "\n").replace('\n', "\r\n")),
            false => text,
        }
    }

    /// Sets a field of the root, keeping the white space and the comment of an old value.
    pub(super) fn set_root(&mut self, name: &str, mut new: Value) {
        if let Some(old) = self.document.get_mut(name).and_then(Item::as_value_mut) {
            *new.decor_mut() = old.decor().clone();
            *old = new;
            return;
        }
        let header = match self.document.is_empty() || self.has_root_values() {
            true => None,
            false => self.take_header(),
        };
        self.document.insert(name, value(new));
        if let Some(header) = header
            && let Some(mut key) = self.document.key_mut(name)
        {
            key.leaf_decor_mut().set_prefix(header);
        }
        self.separate_tables();
    }

    fn has_root_values(&self) -> bool {
        self.document.iter().any(|(_, item)| item.is_value())
    }

    /// The comment at the head of a file that begins with a table, which is about the file.
    fn take_header(&mut self) -> Option<String> {
        let table = self.document.get_mut("keys")?.as_array_of_tables_mut()?.get_mut(0)?;
        let prefix = raw(table.decor().prefix());
        let (header, own) = match prefix.rfind("\n\n") {
            Some(end) => prefix.split_at_checked(end.saturating_add(1))?,
            None => (prefix.as_str(), ""),
        };
        if header.trim().is_empty() {
            return None;
        }
        let header = header.to_owned();
        table.decor_mut().set_prefix(format!("\n{}", own.trim_start_matches('\n')));
        Some(header)
    }

    /// An empty line between the root's fields and the first table.
    fn separate_tables(&mut self) {
        let first = self.document.get_mut("keys").and_then(Item::as_array_of_tables_mut);
        if let Some(table) = first.and_then(|tables| tables.get_mut(0)) {
            let prefix = raw(table.decor().prefix());
            if !prefix.starts_with(['\n', '\r']) {
                table.decor_mut().set_prefix(format!("\n{prefix}"));
            }
        }
    }

    fn not_a_list(&self) -> Failure {
        let line = self.file.ring.entries().first().and_then(|entry| self.file.line(entry.id()));
        let message = "the keys stand in one string, which this tool does not change; \
                       write each as `[[keys]]`, with `id` and `key` on lines below it, as `sealed-session convert --to toml` does";
        self.file.failure(message).at_line(line)
    }
}

fn prepend_table(tables: &mut ArrayOfTables, new: &NewKey) {
    let mut table = Table::new();
    for (name, field) in new.fields() {
        table.insert(name, value(field));
    }
    if let Some(first) = tables.get_mut(0) {
        // Comments up to an empty line are about what precedes the keys; those
        // right above the first key stay with it.
        let prefix = raw(first.decor().prefix());
        let cut = prefix.rfind("\n\n").map_or(0, |end| end.saturating_add(2));
        let cut = if cut == 0 && prefix.starts_with('\n') { 1 } else { cut };
        if let Some((above, own)) = prefix.split_at_checked(cut) {
            table.decor_mut().set_prefix(above);
            first.decor_mut().set_prefix(format!("\n{own}"));
        }
        // The document is printed in the order of these numbers.
        table.set_position(first.position());
    }
    tables.insert(0, table);
}

fn remove_table(tables: &mut ArrayOfTables, position: usize) {
    if position >= tables.len() {
        return;
    }
    let removed = tables.remove(position);
    let prefix = raw(removed.decor().prefix());
    // Of the first table's comments only those right above it are its own.
    let above = prefix.rfind("\n\n").map(|end| end.saturating_add(1));
    if let (0, Some(above), Some(next)) = (position, above, tables.get_mut(0)) {
        let above = prefix.get(..above).unwrap_or_default();
        let own = raw(next.decor().prefix());
        next.decor_mut().set_prefix(format!("{above}{own}"));
    }
}

fn prepend_inline(array: &mut Array, new: &NewKey) {
    let mut table = InlineTable::new();
    table.extend(new.fields());
    let mut entry = Value::InlineTable(table);
    if let Some(first) = array.get_mut(0) {
        let prefix = raw(first.decor().prefix());
        // One entry a line: the new one is indented like the first.
        if let Some(line) = prefix.rfind('\n') {
            let indent = prefix.get(line..).unwrap_or_default();
            entry.decor_mut().set_prefix(indent);
        } else {
            entry.decor_mut().set_prefix(prefix);
            first.decor_mut().set_prefix(" ");
        }
    }
    array.insert_formatted(0, entry);
}

fn remove_inline(array: &mut Array, position: usize) {
    if position >= array.len() {
        return;
    }
    let removed = array.remove(position);
    let before = raw(removed.decor().prefix());
    // A comment at the end of a line is kept with what follows it: the one in
    // `before` belongs to the previous entry, the one in `after` to the removed.
    let join = |after: &str| match (before.find('\n'), after.find('\n')) {
        (Some(previous), Some(own)) => {
            format!(
                "{}{}",
                before.get(..previous).unwrap_or_default(),
                after.get(own..).unwrap_or_default()
            )
        }
        (None, None) => before.clone(),
        _ => after.to_owned(),
    };
    if let Some(next) = array.get_mut(position) {
        let joined = join(&raw(next.decor().prefix()));
        next.decor_mut().set_prefix(joined);
        return;
    }
    let after = raw(Some(array.trailing()));
    if after.contains('\n') {
        let joined = join(&after);
        array.set_trailing(joined);
    }
}

fn raw(text: Option<&RawString>) -> String {
    text.and_then(RawString::as_str).unwrap_or_default().to_owned()
}
