//! Which generated module each operation and shape lives in.
//!
//! Operations go by domain (`model/domains.json`). A shape that one domain alone uses stands in it; one that several
//! use stands in `shared`; what only errors use stands in `errors`. So `shared` never refers to a domain.

use super::model::Model;
use super::names;
use proc_macro2::Ident;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

/// Module of the errors.
pub(crate) const ERRORS: &str = "errors";
/// Module of the shapes that several modules use.
pub(crate) const SHARED: &str = "shared";

/// Domain → its operations.
pub(crate) type Domains = BTreeMap<String, Vec<String>>;

/// A service with the place and the static's name of everything in it.
pub(crate) struct Layout<'a> {
    pub(crate) model: &'a Model,
    /// Domain → its operations, sorted.
    pub(crate) domains: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// Shape → module.
    home: BTreeMap<String, String>,
    /// Shape → static that holds its table.
    statics: BTreeMap<String, Ident>,
}

impl<'a> Layout<'a> {
    /// Places everything; each operation must have exactly one domain. With a single domain nothing is `shared`.
    pub(crate) fn new(model: &'a Model, domains: &'a Domains) -> Result<Self, Box<dyn Error>> {
        let shared = match domains.first_key_value() {
            Some((only, _)) if domains.len() == 1 => only,
            _ => SHARED,
        };
        let mut domain_of: BTreeMap<&str, &str> = BTreeMap::new();
        for (domain, operations) in domains {
            for operation in operations {
                if !model.operations.contains_key(operation) {
                    return Err(format!("domain `{domain}`: unknown operation `{operation}`").into());
                }
                if let Some(other) = domain_of.insert(operation, domain) {
                    return Err(format!("`{operation}` is in `{other}` and in `{domain}`").into());
                }
            }
        }
        let mut users: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        let mut by_domain: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (name, operation) in &model.operations {
            let domain = *domain_of.get(name.as_str()).ok_or_else(|| format!("`{name}` has no domain"))?;
            by_domain.entry(domain).or_default().insert(name);
            for shape in [&operation.input, &operation.output].into_iter().flatten() {
                use_all(model, shape, domain, &mut users)?;
            }
        }
        for (name, _) in model.errors() {
            use_all(model, name, ERRORS, &mut users)?;
        }
        if let Some(unused) = model.shapes.keys().find(|name| !users.contains_key(*name)) {
            return Err(format!("shape `{unused}` is used by nothing").into());
        }
        let home = users
            .into_iter()
            .map(|(shape, users)| match (users.len(), users.first()) {
                (1, Some(only)) => (shape, (*only).to_owned()),
                _ => (shape, shared.to_owned()),
            })
            .collect();
        let layout = Self { model, domains: by_domain, home, statics: names::statics(model.shapes.keys()) };
        layout.check_type_names()?;
        Ok(layout)
    }

    /// Module of a shape.
    pub(crate) fn home(&self, shape: &str) -> Result<&str, Box<dyn Error>> {
        self.home.get(shape).map(String::as_str).ok_or_else(|| format!("`{shape}` has no module").into())
    }

    /// Static of a shape.
    pub(crate) fn table(&self, shape: &str) -> Result<&Ident, Box<dyn Error>> {
        self.statics.get(shape).ok_or_else(|| format!("`{shape}` has no table").into())
    }

    /// Shapes of a module, sorted.
    pub(crate) fn shapes_of(&self, module: &str) -> impl Iterator<Item = &str> {
        self.home.iter().filter(move |(_, home)| *home == module).map(|(shape, _)| shape.as_str())
    }

    /// Modules in the order of their names: domains, and `errors` and `shared` if there is something in them.
    pub(crate) fn modules(&self) -> BTreeSet<&str> {
        let mut modules: BTreeSet<&str> = self.home.values().map(String::as_str).collect();
        modules.extend(self.domains.keys());
        modules.insert(ERRORS);
        modules
    }

    /// Markers, structures and enumerations share a namespace with what generated files import.
    fn check_type_names(&self) -> Result<(), Box<dyn Error>> {
        const IMPORTED: [&str; 25] = [
            "BTreeMap",
            "Blob",
            "BlobShape",
            "Bounds",
            "Box",
            "Constraint",
            "Deserialize",
            "ErrorSchema",
            "HttpBinding",
            "ListShape",
            "Location",
            "MapShape",
            "Member",
            "Operation",
            "OperationSchema",
            "Option",
            "Paginator",
            "Protocol",
            "Sensitive",
            "Serialize",
            "ServiceSchema",
            "Shape",
            "String",
            "Structure",
            "Vec",
        ];
        let mut taken: BTreeSet<String> = IMPORTED.into_iter().map(str::to_owned).collect();
        taken.extend(["OperationVisitor", "StringShape", "Timestamp", "TimestampFormat"].map(str::to_owned));
        let has_type = |name: &&String| {
            self.model.shapes.get(*name).is_some_and(|shape| {
                shape.is_enum() || (shape.kind == super::model::Kind::Structure && !shape.exception)
            })
        };
        for name in self.model.operations.keys().chain(self.model.shapes.keys().filter(has_type)) {
            if !taken.insert(names::type_name(name)) {
                return Err(format!("the type name of `{name}` is taken: rename it in a patch").into());
            }
        }
        Ok(())
    }
}

fn use_all<'a>(
    model: &Model,
    shape: &str,
    user: &'a str,
    users: &mut BTreeMap<String, BTreeSet<&'a str>>,
) -> Result<(), Box<dyn Error>> {
    let mut reached = BTreeSet::new();
    model.reach(shape, &mut reached)?;
    for shape in reached {
        users.entry(shape).or_default().insert(user);
    }
    Ok(())
}
