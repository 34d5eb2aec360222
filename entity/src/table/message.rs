//! What is to be sent to a handle.

use crate::clock::Time;
use crate::handle::Fingerprint;
use crate::id::{EventId, MessageId};
use crate::message::Channel;
use crate::seal::Sealed;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "messages")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MessageId,
    pub event: EventId,
    pub channel: Channel,
    pub recipient: Fingerprint,
    pub content: Option<Sealed>,
    pub created_at: Time,
    pub sent_at: Option<Time>,
}

impl ActiveModelBehavior for ActiveModel {}
