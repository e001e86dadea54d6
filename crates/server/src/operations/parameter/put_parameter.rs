//! `PutParameter`: makes a parameter, or adds a version. What an overwrite leaves out stays as it was; a type may
//! change, as Terraform relies on, although AWS documents an error for it. Writers of one parameter each get a
//! version of their own: whoever decided by what has changed meanwhile decides again.

use super::{
    ATTEMPTS, access,
    change::{self, Operation},
    error::too_many_updates,
    read, secure,
};
use crate::{
    ControlPlane, arn,
    authority::Requirement,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::{
        parameter::{
            AllowedPattern, Draft, Existing, Kind, Limits, Name, ParameterError, Tier, Wanted,
            policy::Policies,
        },
        service_setting::DEFAULT_PARAMETER_TIER,
        tag,
    },
    error::{ApiError, VALIDATION},
    secrets::random_bytes,
};
use muster_ssm_api::{
    ParameterTier, ParameterType, PutParameter, PutParameterRequest, PutParameterResult, Tag,
    errors::TOO_MANY_TAGS_ERROR,
};
use muster_store::{
    Batch, StoreError,
    parameter::{self, Body, Change, DueChange, Parameter},
    tag::{Resource, Tag as StoredTag},
};

impl Handle<PutParameter> for ControlPlane {
    const ACCESS: Access<PutParameterRequest> = Access::Policy(|context, input| {
        let tags = input.tags.as_deref().unwrap_or_default();
        let pairs = || tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()));
        let put = access::writing(context, &input.name)
            .key("ssm:Overwrite", input.overwrite.unwrap_or(false).to_string())
            .key("ssm:Policies", input.policies.is_some().to_string())
            .requesting_tags(pairs());
        let mut requirements = vec![put];
        if let (false, Some(put)) = (tags.is_empty(), requirements.first()) {
            let tagging = Requirement::of(context, "ssm:AddTagsToResource", put.resource.clone());
            requirements.push(tagging.requesting_tags(pairs()));
        }
        requirements
    });

    async fn handle(
        &self,
        context: &RequestContext,
        input: PutParameterRequest,
    ) -> Result<PutParameterResult, ApiError> {
        let name = Name::parse(&input.name, &context.tenant)?;
        let overwrite = input.overwrite.unwrap_or(false);
        let tags = input.tags.as_deref().unwrap_or_default();
        if overwrite && !tags.is_empty() {
            return Err(ParameterError::TagsWithOverwrite.into());
        }
        let tags = self.new_tags(tags)?;
        let policies = input.policies.as_deref().map(Policies::read).transpose()?;
        let default_tier = match input.tier {
            None => default_tier(&self.setting(context, DEFAULT_PARAMETER_TIER).await?),
            Some(_) => Wanted::Tier(Tier::Standard),
        };
        let mut write = Write {
            name: &name,
            input: &input,
            tags: &tags,
            policies,
            default_tier,
            full: false,
            checked: None,
            sealed: None,
        };
        for _ in 0..ATTEMPTS {
            let existing = parameter::find(&self.db, &context.tenant, name.path().as_str()).await?;
            if existing.is_some() && !overwrite {
                return Err(ParameterError::AlreadyExists.into());
            }
            if let Some(result) = self.attempt(context, &mut write, existing.as_ref()).await? {
                return Ok(result);
            }
        }
        Err(too_many_updates())
    }
}

/// One call, over its attempts.
struct Write<'a> {
    name: &'a Name,
    input: &'a PutParameterRequest,
    tags: &'a [StoredTag],
    /// What the caller says of policies.
    policies: Option<Policies>,
    /// What the account gives new parameters.
    default_tier: Wanted,
    /// The standard tier was found full.
    full: bool,
    /// The pattern and type that the value was checked for.
    checked: Option<(String, Kind)>,
    /// Key, tier and ciphertext of the value.
    sealed: Option<(String, Tier, Vec<u8>)>,
}

impl ControlPlane {
    /// Writes against what was found; `None` if that is not so any more.
    async fn attempt(
        &self,
        context: &RequestContext,
        write: &mut Write<'_>,
        existing: Option<&Parameter>,
    ) -> Result<Option<PutParameterResult>, ApiError> {
        let limits = &self.config.limits;
        let input = write.input;
        let policies = match (&write.policies, existing) {
            (Some(given), _) => Some(given.clone()),
            (None, Some(existing)) => Some(read::policies(&existing.latest.body)?.rearmed()),
            (None, None) => None,
        };
        let stored = policies.as_ref().map(Policies::stored);
        let due_ms = policies.as_ref().and_then(|policies| policies.next_due(context.now_ms));
        let draft = Draft {
            value: input.value.expose(),
            kind: input.r#type.map(kind),
            tier: input.tier.map(wanted),
            default_tier: write.default_tier,
            standard_is_full: write.full,
            data_type: input.data_type.as_deref(),
            key_id: input.key_id.as_deref(),
            allowed_pattern: input.allowed_pattern.as_deref(),
            description: input.description.as_deref(),
            policies: stored.as_deref(),
        };
        let against = existing.map(|existing| Existing { body: &existing.latest.body });
        let sizes = Limits {
            standard_characters: limits.parameter_standard_characters,
            advanced_characters: limits.parameter_advanced_characters,
        };
        let (mut body, kind, tier) = draft.against(against, sizes)?;
        write.check_pattern(&body, kind).await?;
        self.seal(context, write, &mut body, tier).await?;

        let tier_limit = match tier {
            Tier::Standard => limits.standard_parameters,
            Tier::Advanced => limits.advanced_parameters,
        };
        let path = write.name.path().as_str();
        let modified_by = context.principal.arn();
        let mut batch = match existing {
            None => parameter::create(
                &context.tenant,
                path,
                write.name.as_str(),
                new_revision(),
                &body,
                due_ms,
                context.now_ms,
                &modified_by,
                tier_limit,
            ),
            Some(existing) => parameter::overwrite(
                &context.tenant,
                &Change {
                    path,
                    revision: existing.revision,
                    seen: existing.latest.number,
                    seen_tier: &existing.latest.body.tier,
                    decisive: decides(&existing.latest.body, &body),
                    body: &body,
                    due: DueChange::Set(due_ms),
                    modified_ms: context.now_ms,
                    modified_by: &modified_by,
                    keep: limits.parameter_versions,
                    tier_limit,
                },
            ),
        };
        let counts = batch.len() - 1;
        batch.append(self.tagging(context, write));
        batch.append(match existing.map(|existing| &existing.latest) {
            None => change::event(context, Operation::Create, write.name.as_str(), &body, None),
            Some(latest) => {
                let old = latest.body.description.as_deref();
                change::event(context, Operation::Update, &latest.name, &body, old)
            }
        });
        let answer = |version: i64| PutParameterResult {
            version: Some(version),
            tier: ParameterTier::from_wire(tier.as_str()),
        };
        let tier_changes = existing.is_none_or(|existing| existing.latest.body.tier != body.tier);
        let written = self.db.write(batch).await;
        if let Ok(answer) = &written {
            self.announce(answer);
        }
        match (written, existing) {
            (Ok(_), None) => Ok(Some(answer(1))),
            (Ok(rows), Some(_)) => {
                let row = rows.first().and_then(|rows| rows.first());
                let row = row.ok_or_else(|| ApiError::internal("the overwrite names no version"))?;
                Ok(Some(answer(row.int(0)?)))
            }
            (Err(StoreError::Conflict { statement }), _) if statement == counts && tier_changes => {
                let wanted = input.tier.map_or(write.default_tier, wanted);
                let intelligent = wanted == Wanted::Intelligent;
                if intelligent && tier == Tier::Standard && !write.full {
                    write.full = true;
                    return Ok(None);
                }
                let tier = if tier == Tier::Standard { "standard" } else { "advanced" };
                Err(ParameterError::TierFull { tier, limit: tier_limit }.into())
            }
            (Err(StoreError::Conflict { statement: 0 }), Some(existing)) => {
                self.oldest_is_free(context, write.name, existing).await?;
                Ok(None)
            }
            (Err(StoreError::Conflict { .. } | StoreError::Duplicate { .. }), _) => Ok(None),
            (Err(error), _) => Err(error.into()),
        }
    }

    /// The value's ciphertext in place of the value, if it is a SecureString.
    async fn seal(
        &self,
        context: &RequestContext,
        write: &mut Write<'_>,
        body: &mut Body,
        tier: Tier,
    ) -> Result<(), ApiError> {
        let Some(key) = &body.key_id else { return Ok(()) };
        let ciphertext = match &write.sealed {
            Some((with, of, ciphertext)) if with == key && *of == tier => ciphertext.clone(),
            _ => {
                let arn = arn::parameter(&context.tenant, write.name.path().as_str());
                let ciphertext = secure::encrypt(self, context, &arn, key, tier, body.value.bytes()).await?;
                write.sealed = Some((key.clone(), tier, ciphertext.clone()));
                ciphertext
            }
        };
        body.value = ciphertext.into();
        Ok(())
    }

    /// Whether the version that a new one pushes out carries no label.
    async fn oldest_is_free(
        &self,
        context: &RequestContext,
        name: &Name,
        existing: &Parameter,
    ) -> Result<(), ApiError> {
        let goes = existing.latest.number + 1 - self.config.limits.parameter_versions;
        if goes < 1 {
            return Ok(());
        }
        let labels = parameter::labels_of(&self.db, &context.tenant, name.path().as_str()).await?;
        match labels.iter().map(|(_, version)| *version).filter(|version| *version <= goes).min() {
            Some(version) => {
                Err(ParameterError::OldestIsLabelled { name: name.as_str().to_owned(), version }.into())
            }
            None => Ok(()),
        }
    }

    fn new_tags(&self, tags: &[Tag]) -> Result<Vec<StoredTag>, ApiError> {
        let limit = self.config.limits.tags_per_resource;
        tag::check_new(tags.iter().map(|tag| tag.key.as_str()), limit).map_err(|error| {
            let schema = match error {
                tag::TagError::Reserved => &VALIDATION,
                tag::TagError::TooMany(_) => &TOO_MANY_TAGS_ERROR,
            };
            ApiError::new(schema, error.to_string())
        })?;
        Ok(tags
            .iter()
            .map(|Tag { key, value }| StoredTag { key: key.clone(), value: value.clone() })
            .collect())
    }

    fn tagging(&self, context: &RequestContext, write: &Write<'_>) -> Batch {
        let (tenant, id) = (&context.tenant, write.name.path().as_str());
        let resource = Resource { tenant, kind: parameter::TAG_KIND, id };
        muster_store::tag::put(resource, write.tags, self.config.limits.tags_per_resource)
    }
}

impl Write<'_> {
    /// Checks the value against the pattern, on a thread that may take its time.
    async fn check_pattern(&mut self, body: &Body, kind: Kind) -> Result<(), ApiError> {
        let Some(pattern) = &body.allowed_pattern else { return Ok(()) };
        if self.checked.as_ref().is_some_and(|(checked, of)| checked == pattern && *of == kind) {
            return Ok(());
        }
        let (text, value) = (pattern.clone(), self.input.value.clone());
        let check = move || AllowedPattern::parse(&text)?.check(value.expose(), kind == Kind::StringList);
        tokio::task::spawn_blocking(check).await.map_err(ApiError::internal)??;
        self.checked = Some((pattern.clone(), kind));
        Ok(())
    }
}

/// The value of the account's setting.
fn default_tier(setting: &str) -> Wanted {
    ParameterTier::from_wire(setting).map_or(Wanted::Tier(Tier::Standard), wanted)
}

/// Whether writers decide by anything that differs.
fn decides(before: &Body, after: &Body) -> bool {
    before.kind != after.kind
        || before.tier != after.tier
        || before.data_type != after.data_type
        || before.key_id != after.key_id
        || before.allowed_pattern != after.allowed_pattern
        || before.policies != after.policies
}

/// Of a new parameter: another than that of one of the same name that was deleted.
fn new_revision() -> i64 {
    i64::from_le_bytes(random_bytes()) >> 2
}

const fn kind(kind: ParameterType) -> Kind {
    match kind {
        ParameterType::String => Kind::String,
        ParameterType::StringList => Kind::StringList,
        ParameterType::SecureString => Kind::SecureString,
    }
}

const fn wanted(tier: ParameterTier) -> Wanted {
    match tier {
        ParameterTier::Standard => Wanted::Tier(Tier::Standard),
        ParameterTier::Advanced => Wanted::Tier(Tier::Advanced),
        ParameterTier::IntelligentTiering => Wanted::Intelligent,
    }
}
