//! Parameters: names and selectors, values and their types, tiers, labels, and what an overwrite keeps. The texts of
//! refusals are AWS's where they are known. Not for: storage, encryption, or policies of parameters.

mod data_type;
pub(crate) mod filter;
mod label;
mod name;
mod pattern;
pub(crate) mod policy;
mod put;
pub(crate) mod secret;
pub(crate) mod share;

pub(crate) use label::is_label;
pub(crate) use name::{Name, Path, Reference, Selector, hierarchy};
pub(crate) use pattern::AllowedPattern;
pub(crate) use put::{Draft, Existing, Kind, Limits, Tier, Wanted};

/// Why a call about a parameter is refused. No text repeats a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ParameterError {
    /// The first part of the name is AWS's.
    #[error("No access to reserved parameter name: {0}.")]
    Reserved(String),
    /// The same, where the name has no levels.
    #[error(r#"Parameter name: can't be prefixed with "aws" or "ssm" (case-insensitive)."#)]
    ReservedPrefix,
    /// Characters or parts that no name can have.
    #[error(
        r#"Parameter name: can't be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_"#
    )]
    IllFormedName,
    /// Levels, but no slash in front.
    #[error("Parameter name must be a fully qualified name.")]
    NotQualified,
    /// A slash at the end.
    #[error("Parameter name must not end with slash.")]
    EndsWithSlash,
    /// More levels than a name can have.
    #[error(
        "A hierarchy can have a maximum of {0} levels. For more information, see Requirements and constraints for \
         parameter names in the AWS Systems Manager User Guide."
    )]
    TooDeep(usize),
    /// The parameter's ARN would be longer than it can be. AWS's text is not known.
    #[error("Parameter name: the ARN of the parameter can have a maximum of {0} characters.")]
    NameTooLong(usize),
    /// A path that is none.
    #[error(
        r#"The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash "/". It can't be prefixed with \"aws\" or \"ssm\" (case-insensitive). It must use only letters, numbers, or the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All sub-paths, if specified, must use the forward slash symbol "/". Valid example: /get/parameters2-/by1./path0_."#
    )]
    IllFormedPath,
    /// The value refers to another parameter.
    #[error(r#"Parameter value can't nest another parameter. Do not use "{{{{}}}}" in the value."#)]
    Nested,
    /// A value that is too large for its tier.
    #[error(
        "Standard tier parameters support a maximum parameter value of {0} characters. To create a larger parameter \
         value, upgrade the parameter to use the advanced-parameter tier. For more information, see \
         https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"
    )]
    StandardTooLarge(usize),
    /// A value that is too large for any tier.
    #[error("Advanced-tier parameters support a maximum parameter value of {0} characters.")]
    AdvancedTooLarge(usize),
    /// No value.
    #[error(
        "1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member must have length \
         greater than or equal to 1."
    )]
    Empty,
    /// From the advanced tier there is no way back.
    #[error(
        "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the \
         advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced parameter \
         and recreate it as a standard parameter. Be aware that standard parameters have a value limit of {0} \
         characters."
    )]
    Downgrade(usize),
    /// Something that the standard tier does not have.
    #[error(
        "You can't assign parameter policies to a standard-parameter tier. You must upgrade the parameter to use the \
         advanced-parameter tier. For more information, see \
         https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"
    )]
    PoliciesNeedAdvanced,
    /// A data type that the standard tier does not have.
    #[error("The {0} data type is supported in the advanced-parameter tier only.")]
    DataTypeNeedsAdvanced(String),
    /// No such data type.
    #[error("The following data type is not supported: {0}. (Data type names are all lowercase.)")]
    UnknownDataType(String),
    /// A data type that the type cannot have.
    #[error("The {data_type} data type is not supported for the following input type: {kind}")]
    DataTypeOfKind {
        /// The data type.
        data_type: String,
        /// The type.
        kind: &'static str,
    },
    /// To and from some data types there is no way.
    #[error("The data type of a parameter can't be changed from {from} to {to}.")]
    DataTypeStays {
        /// Now.
        from: String,
        /// Wanted.
        to: String,
    },
    /// A value that its data type does not allow.
    #[error("The parameter value is not valid for the data type {0}.")]
    NotOfDataType(String),
    /// A list with nothing between two commas.
    #[error("The value of a StringList parameter can't have empty items.")]
    EmptyItem,
    /// A key for what is not encrypted.
    #[error("KeyId is required for SecureString type parameter only.")]
    KeyWithoutSecureString,
    /// A new parameter without a type.
    #[error("A parameter type is required when you create a parameter.")]
    TypeRequired,
    /// Tags can be given to new parameters alone.
    #[error(
        "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove \
         overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or \
         RemoveTagsFromResource."
    )]
    TagsWithOverwrite,
    /// It exists.
    #[error(
        "The parameter already exists. To overwrite this value, set the overwrite option in the request to true."
    )]
    AlreadyExists,
    /// The tier is full.
    #[error(
        "You have reached the maximum number of {tier} parameters for this AWS account and Region ({limit}). To add \
         more parameters, either delete existing parameters or upgrade to the advanced-parameter tier (charges apply)."
    )]
    TierFull {
        /// `standard` or `advanced`.
        tier: &'static str,
        /// How many it takes.
        limit: i64,
    },
    /// The version that would have to go carries a label.
    #[error(
        "You attempted to create a new version of {name} by calling the PutParameter API with the overwrite flag. \
         Version {version}, the oldest version, can't be deleted because it has a label associated with it. Move the \
         label to another version of the parameter, and try again."
    )]
    OldestIsLabelled {
        /// The parameter.
        name: String,
        /// Its oldest version.
        version: i64,
    },
    /// A pattern that cannot be read.
    #[error("The syntax of the allowedPattern parameter is invalid.")]
    BadPattern,
    /// A value that does not match.
    #[error("Parameter value, cannot be validated against allowedPattern: {0}")]
    PatternMismatch(String),
    /// No such version.
    #[error("Systems Manager could not find version {version} of {name}. Verify the version and try again.")]
    NoVersion {
        /// The parameter.
        name: String,
        /// Version or label.
        version: String,
    },
    /// AWS's text is empty.
    #[error("")]
    NotFound,
    /// A version has all the labels it can have.
    #[error(
        "A parameter version can have maximum {0} labels. Move one or more labels to another version and try again."
    )]
    TooManyLabels(usize),
}
