//! Access tokens: EdDSA JWTs (RFC 8037) that live ten minutes and name a session.
//!
//! Guarantees: only tokens of our keys, algorithm, issuer and audience are taken, and only while
//! their session is open: signing out ends them at once. A token names its key (`kid`), so that keys are
//! replaced while tokens of both are about; the public keys are at `/.well-known/jwks.json`. A signature is verified once in a token's
//! life; whether the session is open is asked for every request, by [`entity::session::check`] before
//! it is executed, or by the ledger in the moment that it moves money.
//! Refuses `TOKEN_EXPIRED`, `TOKEN_INVALID`, `SESSION_ENDED`.
//!
//! Instead of an access token a program sends an API key ([`entity::api_key`]). Whatever asks who the [`caller`]
//! is refuses keys with `SCOPE_MISSING`; only what asks for the [`caller_with`] a scope lets them pass.

use crate::error::ApiResult;
use async_graphql::{Context, SimpleObject};
use chrono::{DateTime, Duration, Utc};
use entity::api_key::Scope;
use entity::clock::Time;
use entity::id::{SessionId, UserId};
use entity::origin::Origin;
use entity::refusal::Code;
use entity::session::{Caller, Tokens};
use entity::signing_key::{self, SigningKey};
use entity::standing::Standing;
use entity::{Bank, Error, Fault};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::{Arc, PoisonError, RwLock};

/// How long an access token lives.
const LIFE: Duration = Duration::minutes(10);
const ISSUER: &str = "okpay-wallet";
const AUDIENCE: &str = "okpay-wallet/graphql";
/// What stands before the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410, section 7).
const PKCS8: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    sid: SessionId,
    /// How sure we are of who it is: 2, if more than the password was shown (RFC 9470).
    acr: u8,
    /// How the person stands. Tokens of earlier days don't say.
    #[serde(default)]
    standing: Option<Standing>,
    iat: i64,
    exp: i64,
}

/// Makes and reads access tokens.
#[derive(Clone)]
pub struct Authentication(Arc<Inner>);

struct Inner {
    ring: RwLock<Arc<Ring>>,
    /// The hashes of tokens whose signature was found good, with what they claim: who reads this memory can't act.
    verified: Cache<[u8; 32], (Caller, i64)>,
}

/// The keys of the house, as the cryptographic library wants them.
struct Ring {
    keys: Vec<Pair>,
    validation: Validation,
}

struct Pair {
    kid: String,
    signs_from: Time,
    signing: EncodingKey,
    checking: DecodingKey,
    public: Jwk,
}

impl Pair {
    fn new(key: &SigningKey) -> Result<Self, jsonwebtoken::errors::Error> {
        let signing = EncodingKey::from_ed_der(&[&PKCS8[..], &key.seed].concat());
        let mut public = Jwk::from_encoding_key(&signing, Algorithm::EdDSA)?;
        public.common.key_id = Some(key.kid.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        let checking = DecodingKey::from_jwk(&public)?;
        Ok(Self { kid: key.kid.clone(), signs_from: key.signs_from, signing, checking, public })
    }
}

impl Ring {
    async fn read(bank: &Bank) -> Result<Arc<Self>, entity::Error> {
        let keys = signing_key::ring(bank).await?;
        let pairs: Result<Vec<_>, _> = keys.iter().map(Pair::new).collect();
        let keys = pairs.map_err(|_| Fault::Corrupt("a signing key can't be used"))?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The time is compared with the bank's own clock.
        validation.validate_exp = false;
        Ok(Arc::new(Self { keys, validation }))
    }
}

/// Tokens that are remembered: some megabytes. What expires is only pushed out, so it has to be several times those that
/// are in use: to verify one costs as much as all else that a request costs.
const VERIFIED_MAX: usize = 65_536;

/// What a client signs its requests with.
#[derive(SimpleObject)]
pub(crate) struct Session {
    /// The token to send with each request, as `Authorization: Bearer …`.
    access_token: String,
    /// When the access token expires: ten minutes from now.
    expires_at: DateTime<Utc>,
    /// The token that gets the next access token from `refreshSession`. It works once.
    refresh_token: String,
    /// Whether the person has shown more than the password. Small payments are made unasked only in such a session; a
    /// session becomes one with the first question that is answered in it, from its next access token on.
    is_confirmed: bool,
    /// What the device is to keep and show when it signs in again; only where it was not seen before.
    device_token: Option<String>,
}

impl Authentication {
    /// With the signing keys of the bank.
    ///
    /// # Errors
    /// When they can't be read.
    pub async fn open(bank: &Bank) -> Result<Self, entity::Error> {
        let ring = RwLock::new(Ring::read(bank).await?);
        Ok(Self(Arc::new(Inner { ring, verified: Cache::new(VERIFIED_MAX) })))
    }

    fn ring(&self) -> Arc<Ring> {
        self.0.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the keys again: a new one is there for an hour before it signs.
    ///
    /// # Errors
    /// When they can't be read; then the old ones stay.
    pub async fn reload(&self, bank: &Bank) -> Result<(), entity::Error> {
        let ring = Ring::read(bank).await?;
        *self.0.ring.write().unwrap_or_else(PoisonError::into_inner) = ring;
        Ok(())
    }

    /// The public keys (RFC 7517), for whoever wants to verify a token.
    pub(crate) fn public(&self) -> JwkSet {
        JwkSet { keys: self.ring().keys.iter().map(|pair| pair.public.clone()).collect() }
    }

    /// An access token for a session, and when it expires.
    ///
    /// # Errors
    /// Only if the cryptographic library refuses to sign.
    pub fn token(&self, caller: Caller, now: Time) -> Result<(String, Time), Fault> {
        let expires_at = now + LIFE;
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: caller.user,
            sid: caller.session,
            acr: if caller.confirmed { 2 } else { 1 },
            standing: caller.standing,
            iat: now.timestamp(),
            exp: expires_at.timestamp(),
        };
        let ring = self.ring();
        let pair = ring.keys.iter().find(|pair| pair.signs_from <= now);
        let pair = pair.ok_or(Fault::Corrupt("there is no signing key"))?;
        let header = Header { kid: Some(pair.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        let token = jsonwebtoken::encode(&header, &claims, &pair.signing)
            .map_err(|_| Fault::Corrupt("an access token can't be signed"))?;
        Ok((token, expires_at))
    }

    /// The session as its client gets it.
    pub(crate) fn issue(&self, bank: &Bank, tokens: Tokens) -> ApiResult<Session> {
        let Tokens { session, user, confirmed, standing, .. } = tokens;
        let caller = Caller { user, session, confirmed, standing: Some(standing), scopes: None };
        let (access_token, expires_at) = self.token(caller, bank.clock.now())?;
        let device_token = tokens.device.map(|token| token.reveal().to_owned());
        Ok(Session {
            access_token,
            expires_at,
            refresh_token: tokens.refresh.reveal().to_owned(),
            is_confirmed: confirmed,
            device_token,
        })
    }

    /// Who sends this token. Its session may have ended.
    pub(crate) fn caller(&self, bank: &Bank, token: &str) -> Result<Caller, Code> {
        let (caller, expires_at) = self.read(token)?;
        if expires_at <= bank.clock.now().timestamp() {
            return Err(Code::TokenExpired);
        }
        Ok(caller)
    }

    /// What a token of ours claims. Its signature is verified once; everything that can change (its
    /// age, its session) is asked each time by the caller of this.
    fn read(&self, token: &str) -> Result<(Caller, i64), Code> {
        let hash = Sha256::digest(token).into();
        if let Some(known) = self.0.verified.get(&hash) {
            return Ok(known);
        }
        let ring = self.ring();
        let header = jsonwebtoken::decode_header(token).map_err(|_| Code::TokenInvalid)?;
        let pair = ring.keys.iter().find(|pair| Some(&pair.kid) == header.kid.as_ref());
        let pair = pair.ok_or(Code::TokenInvalid)?;
        let decoded = jsonwebtoken::decode::<Claims>(token, &pair.checking, &ring.validation);
        let claims = decoded.map_err(|error| refusal(error.kind()))?.claims;
        let (user, session, standing) = (claims.sub, claims.sid, claims.standing);
        let claimed =
            (Caller { user, session, confirmed: claims.acr >= 2, standing, scopes: None }, claims.exp);
        self.0.verified.insert(hash, claimed);
        Ok(claimed)
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "whatever else is wrong with a token, it is not ours")]
fn refusal(kind: &ErrorKind) -> Code {
    match kind {
        ErrorKind::ExpiredSignature => Code::TokenExpired,
        _ => Code::TokenInvalid,
    }
}

/// The person who asks, itself; a refusal, if nobody has signed in, or it is an API key.
pub(crate) fn caller(context: &Context<'_>) -> ApiResult<Caller> {
    refuse_keys(context)?;
    viewer(context)
}

/// The person who asks, or an API key of it that may do this.
pub(crate) fn caller_with(context: &Context<'_>, scope: Scope) -> ApiResult<Caller> {
    let caller = viewer(context)?;
    match caller.scopes {
        Some(scopes) if !scopes.contains(scope) => Err(Code::ScopeMissing.into()),
        Some(_) | None => Ok(caller),
    }
}

/// For whom something is shown that whoever asks was allowed to have: for its fields, and for nothing else.
pub(crate) fn viewer(context: &Context<'_>) -> ApiResult<Caller> {
    let caller = context.data_opt::<Caller>().copied();
    Ok(caller.ok_or(Error::from(Code::Unauthenticated))?)
}

/// Refuses whatever API key asks.
pub(crate) fn refuse_keys(context: &Context<'_>) -> ApiResult<()> {
    let is_key = context.data_opt::<Caller>().is_some_and(|caller| caller.scopes.is_some());
    if is_key { Err(Code::ScopeMissing.into()) } else { Ok(()) }
}

/// Where the request came from.
pub(crate) fn origin(context: &Context<'_>) -> Origin {
    context.data_opt::<Origin>().cloned().unwrap_or_default()
}

/// The open bank.
pub(crate) fn bank<'a>(context: &Context<'a>) -> Result<&'a Bank, Fault> {
    context.data_opt::<Bank>().ok_or(Fault::Stopped("the schema was built without a bank"))
}

/// What makes access tokens.
pub(crate) fn authentication<'a>(context: &Context<'a>) -> ApiResult<&'a Authentication> {
    let authentication = context.data_opt::<Authentication>();
    Ok(authentication.ok_or(Fault::Stopped("the schema was built without keys"))?)
}
