//! Azure's own words: tenants, subscriptions, resource IDs, resource types, locations.

mod ids;
mod location;
mod resource_id;
mod resource_type;

pub use ids::{SubscriptionId, TenantId};
pub use location::Location;
pub use resource_id::{ResourceId, Scope};
pub use resource_type::ResourceType;
