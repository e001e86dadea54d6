//! `CreateGrant`: one principal may do some operations with the key, until the grant ends. The same grant of the same
//! name again is the one that is there.

use super::{
    grants::{constraint_kind, wanted, words},
    support::{action, not_dry},
};
use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    error::ApiError,
};
use muster_kms_api::{CreateGrant, CreateGrantRequest, CreateGrantResponse};
use muster_store::kms::grant;

impl Handle<CreateGrant> for ControlPlane {
    const ACCESS: Access<CreateGrantRequest> = Access::Handler;

    async fn handle(
        &self,
        context: &RequestContext,
        input: CreateGrantRequest,
    ) -> Result<CreateGrantResponse, ApiError> {
        let action = action(context);
        let found = self.find_key(context, &action, &input.key_id).await?;
        let mut requirement = self.key_requirement(context, &found, &action, None).await?;
        requirement = requirement
            .key("kms:GrantIsForAWSResource", "false")
            .key_values("kms:GrantOperations", words(&input.operations));
        for (key, principal) in [
            ("kms:GranteePrincipal", &input.grantee_principal),
            ("kms:RetiringPrincipal", &input.retiring_principal),
        ] {
            if let Some(principal) = principal {
                requirement = requirement.key(key, principal.as_str());
            }
        }
        if let Some(kind) = input.constraints.as_ref().and_then(constraint_kind) {
            requirement = requirement.key("kms:GrantConstraintType", kind);
        }
        self.permit_all(context, &found, &action, &[requirement]).await?;
        let dry_run = input.dry_run;
        let grant = wanted(context, &found, input)?;
        self.check_grant_principals(&grant).await?;
        found.usable()?;
        not_dry(dry_run)?;
        let grant = match self.same_grant(&grant).await? {
            Some(known) => known,
            None => {
                self.change_key(&found, grant::insert(&grant)?).await?;
                grant
            }
        };
        Ok(CreateGrantResponse { grant_token: Some(self.grant_token(&grant)?), grant_id: Some(grant.id) })
    }
}
