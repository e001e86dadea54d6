//! Conditions that [`Query`](crate::Query) cannot say: alternatives and sub-selects of any length. SQL text and its
//! numbered parameters grow side by side; only texts of this crate become SQL, all that comes from outside is a
//! parameter.

use crate::Value;

/// The parameters of a statement under construction.
#[derive(Debug, Default)]
pub(crate) struct Clause {
    params: Vec<Value>,
}

impl Clause {
    /// No parameters yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds a parameter and gives its place: `?3`.
    pub(crate) fn bind(&mut self, value: impl Into<Value>) -> String {
        self.params.push(value.into());
        format!("?{}", self.params.len())
    }

    /// Adds parameters and gives their places: `?3, ?4`; `NULL`, which equals nothing, for none at all. The list is
    /// filled up to a power of two, so that lists of all lengths share a few prepared statements.
    pub(crate) fn bind_all<T: Into<Value>>(&mut self, values: impl IntoIterator<Item = T>) -> String {
        let mut values: Vec<Value> = values.into_iter().map(Into::into).collect();
        let Some(last) = values.last().cloned() else {
            return "NULL".to_owned();
        };
        values.resize(values.len().next_power_of_two(), last);
        let places: Vec<String> = values.into_iter().map(|value| self.bind(value)).collect();
        places.join(", ")
    }

    /// The parameters, in order.
    pub(crate) fn into_params(self) -> Vec<Value> {
        self.params
    }
}
