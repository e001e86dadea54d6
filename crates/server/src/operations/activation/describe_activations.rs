//! `DescribeActivations`: the newest first. Filters are combined by AND, the values of one by OR; an id that does
//! not exist gives an empty list, as in AWS.

use crate::{
    ControlPlane,
    context::RequestContext,
    dispatch::{Access, Handle},
    domain::paging::PageSize,
    error::ApiError,
    operations::page,
};
use muster_service_model::Timestamp;
use muster_ssm_api::{
    Activation as Described, DescribeActivations, DescribeActivationsFilter, DescribeActivationsFilterKeys,
    DescribeActivationsRequest, DescribeActivationsResult, Tag, errors::INVALID_FILTER,
};
use muster_store::activation::{self, Activation, Position, Predicate};

const DEFAULT_PAGE: usize = 50;

/// The model bounds neither the filters nor their values; a statement bounds its parameters.
const MOST_FILTERS: usize = 16;
const MOST_VALUES: usize = 1000;

impl Handle<DescribeActivations> for ControlPlane {
    const ACCESS: Access<DescribeActivationsRequest> = Access::ANY_RESOURCE;

    async fn handle(
        &self,
        context: &RequestContext,
        input: DescribeActivationsRequest,
    ) -> Result<DescribeActivationsResult, ApiError> {
        let filters = input.filters.unwrap_or_default();
        if filters.len() > MOST_FILTERS {
            let message = format!("There can be at most {MOST_FILTERS} filters.");
            return Err(ApiError::new(&INVALID_FILTER, message));
        }
        let predicates = filters.into_iter().map(predicate).collect::<Result<Vec<_>, _>>()?;
        let size = PageSize::new(input.max_results, DEFAULT_PAGE);
        let after = page::position(self, context, input.next_token.as_deref())?;
        let after = after.map(|(created_ms, id)| Position { created_ms, id });
        let mut rows =
            activation::page(&self.db, &context.tenant, &predicates, after.as_ref(), size.rows()).await?;
        let more = size.cut(&mut rows);
        let last = rows.last().filter(|_| more).map(|last| (last.created_ms, &last.id));
        let next_token = page::next_token(self, context, last.as_ref());
        let activation_list = rows.into_iter().map(|row| describe(row, context.now_ms)).collect();
        Ok(DescribeActivationsResult { activation_list: Some(activation_list), next_token })
    }
}

/// The model lets a caller leave out either half of a filter.
fn predicate(filter: DescribeActivationsFilter) -> Result<Predicate, ApiError> {
    let (Some(key), Some(values)) =
        (filter.filter_key, filter.filter_values.filter(|values| !values.is_empty()))
    else {
        return Err(ApiError::new(&INVALID_FILTER, "A filter needs a FilterKey and FilterValues."));
    };
    if values.len() > MOST_VALUES {
        let message = format!("A filter can have at most {MOST_VALUES} values.");
        return Err(ApiError::new(&INVALID_FILTER, message));
    }
    Ok(match key {
        DescribeActivationsFilterKeys::ActivationIds => Predicate::Id(values),
        DescribeActivationsFilterKeys::DefaultInstanceName => Predicate::DefaultInstanceName(values),
        DescribeActivationsFilterKeys::IamRole => Predicate::IamRole(values),
    })
}

fn describe(row: Activation, now_ms: i64) -> Described {
    let count = |number: i64| Some(i32::try_from(number).unwrap_or(i32::MAX));
    Described {
        activation_id: Some(row.id.into()),
        description: row.description,
        default_instance_name: row.default_instance_name,
        iam_role: Some(row.iam_role),
        registration_limit: count(row.registration_limit),
        registrations_count: count(row.registrations_count),
        expiration_date: Some(Timestamp::from_millis(row.expires_ms)),
        // By time alone: an activation that is used up is not expired.
        expired: Some(row.expires_ms <= now_ms),
        created_date: Some(Timestamp::from_millis(row.created_ms)),
        tags: Some(row.tags.into_iter().map(|tag| Tag { key: tag.key, value: tag.value }).collect()),
    }
}
