//! What comes in and what goes out, before anything of Azure is in it.

mod call;
mod paging;
mod reply;

pub(crate) use call::Call;
pub(crate) use paging::{Page, Token};
pub(crate) use reply::Reply;
