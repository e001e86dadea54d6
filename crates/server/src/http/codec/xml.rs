//! XML as AWS's Query services write it: two spaces a level, no declaration. Not for: reading XML.

use std::fmt::Write as _;

/// An element: text, or further elements.
#[derive(Debug, Clone)]
pub(in crate::http) struct Element {
    name: String,
    namespace: Option<&'static str>,
    text: String,
    children: Vec<Element>,
}

impl Element {
    /// An empty element.
    pub(in crate::http) fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), namespace: None, text: String::new(), children: Vec::new() }
    }

    /// An element with text inside.
    pub(in crate::http) fn text(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::new(name) }
    }

    /// The same element in a namespace.
    pub(in crate::http) fn in_namespace(self, namespace: &'static str) -> Self {
        Self { namespace: Some(namespace), ..self }
    }

    /// The same element with one more inside.
    pub(in crate::http) fn with(mut self, child: Element) -> Self {
        self.children.push(child);
        self
    }

    pub(super) fn push(&mut self, child: Element) {
        self.children.push(child);
    }

    /// The whole document, with a line end after it.
    pub(in crate::http) fn render(&self) -> String {
        let mut output = String::new();
        self.write(&mut output, 0);
        output
    }

    fn write(&self, output: &mut String, depth: usize) {
        let _ = write!(output, "{:1$}<{name}", "", depth * 2, name = self.name);
        if let Some(namespace) = self.namespace {
            output.push_str(" xmlns=\"");
            escape(output, namespace);
            output.push('"');
        }
        if self.children.is_empty() && self.text.is_empty() {
            output.push_str("/>\n");
            return;
        }
        output.push('>');
        if self.children.is_empty() {
            escape(output, &self.text);
        } else {
            output.push('\n');
            self.children.iter().for_each(|child| child.write(output, depth + 1));
            let _ = write!(output, "{:1$}", "", depth * 2);
        }
        let _ = writeln!(output, "</{}>", self.name);
    }
}

/// Escapes for text and attributes. Characters that XML 1.0 cannot carry at all become U+FFFD.
fn escape(output: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => output.push_str("&amp;"),
            '<' => output.push_str("&lt;"),
            '>' => output.push_str("&gt;"),
            '"' => output.push_str("&quot;"),
            '\r' => output.push_str("&#xD;"),
            '\t' | '\n' => output.push(character),
            '\0'..'\x20' | '\u{fffe}' | '\u{ffff}' => output.push('\u{fffd}'),
            _ => output.push(character),
        }
    }
}
