//! The errors of AuthPlane's domain, which its logs name: what each means, and the row as which it
//! comes over the wire. The token endpoint sends most of them with 400, whatever their own status.

use super::Reason;

/// An error of AuthPlane's domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Domain {
    /// Its name in the source and the logs.
    pub sentinel: &'static str,
    /// The OAuth code that it carries.
    pub code: &'static str,
    /// The HTTP status that it has by default.
    pub status: u16,
    /// The part of the authorization server that it belongs to.
    pub group: &'static str,
    /// What happened.
    pub meaning: &'static str,
    /// As what it comes over the wire.
    pub reason: Reason,
}

macro_rules! domain {
    ($($group:literal { $($sentinel:literal $code:literal $status:literal $reason:ident, $meaning:literal;)+ })+) => {
        /// Every error of the domain, by group.
        pub const DOMAIN: &[Domain] = &[$($(Domain {
            sentinel: $sentinel,
            code: $code,
            status: $status,
            group: $group,
            meaning: $meaning,
            reason: Reason::$reason,
        }),+),+];
    };
}

domain! {
    "OAuth core" {
        "ErrInvalidGrant" "invalid_grant" 400 InvalidGrant,
            "A code or refresh token is unknown or over, its redirect URI or verifier differs, or its user is gone";
        "ErrInvalidClient" "invalid_client" 401 InvalidClient,
            "The client is unknown, its secret is wrong or not wanted, or the grant belongs to another client";
        "ErrClientNotFound" "not_found" 404 NotFound,
            "The admin API knows no client of this id";
        "ErrInvalidScope" "invalid_scope" 400 InvalidScope,
            "A scope is beyond what the client, the grant or the catalogue allows";
        "ErrCodeConsumed" "invalid_grant" 400 InvalidGrant,
            "A code was redeemed twice";
        "ErrFamilyRevoked" "invalid_grant" 400 InvalidGrant,
            "A spent refresh token came back, so all tokens of its family are revoked";
        "ErrReuseRevocationFailed" "invalid_grant" 400 InvalidGrant,
            "As before, but the revocation could not be stored; clients read the same text, on purpose";
        "ErrConsentRequired" "consent_required" 302 ConsentRequired,
            "The user is sent to the consent page during authorization; at the token endpoint it is a 400";
        "ErrSessionExpired" "invalid_grant" 400 InvalidGrant,
            "The sign-in or consent took too long";
        "ErrInvalidRedirectURI" "invalid_request" 400 InvalidRequest,
            "The redirect URI is not exactly a registered one; the user sees a page instead of a redirect";
        "ErrInvalidPKCE" "invalid_grant" 400 InvalidGrant,
            "The PKCE verifier is wrong or its challenge is missing; only S256 counts";
        "ErrClientSuspended" "invalid_client" 401 InvalidClient,
            "The client is suspended or revoked; at authorization the user sees a page with 403";
        "ErrRateLimited" "slow_down" 429 SlowDown,
            "Too many requests; `Retry-After` says how long to wait";
        "ErrUserNotFound" "not_found" 404 NotFound,
            "The admin API knows no user of this id";
        "ErrStoreReturnedNoUser" "server_error" 500 ServerError,
            "The store gave neither a user nor an error: a defect, and the one error without a code of its own";
        "ErrInvalidCredentials" "invalid_grant" 400 InvalidGrant,
            "The user's password is wrong";
        "ErrUnsupportedGrantType" "unsupported_grant_type" 400 UnsupportedGrantType,
            "The grant type is unknown or switched off";
        "ErrRefreshTokenReused" "invalid_grant" 400 InvalidGrant,
            "A refresh token was spent already; the store's signal that its family must be revoked";
        "ErrRegistrationDisabled" "access_denied" 403 ExchangeDenied,
            "Clients may not register themselves here";
        "ErrUnauthorizedClient" "unauthorized_client" 400 UnauthorizedClient,
            "The client is known, but not for this grant type";
    }
    "CIMD" {
        "ErrCIMDFetchFailed" "invalid_client" 401 InvalidClient,
            "The metadata document behind a `client_id` that is a URL cannot be fetched";
        "ErrCIMDInvalid" "invalid_client" 401 InvalidClient,
            "The metadata document behind a `client_id` that is a URL is not valid";
    }
    "OIDC federation" {
        "ErrOIDCAuthFailed" "access_denied" 403 ExchangeDenied,
            "The OpenID provider behind refused the user; the browser's callback answers 401";
        "ErrOIDCUnavailable" "temporarily_unavailable" 500 TemporarilyUnavailable,
            "The OpenID provider behind cannot be reached; 500, so that nobody takes it for the user's fault";
        "ErrOIDCEmailInUse" "conflict" 409 Conflict,
            "The provider asserts an e-mail address of another account; accounts are never joined by address";
    }
    "Encryption and keys" {
        "ErrEncryptionFailed" "server_error" 500 ServerError,
            "A value could not be encrypted for storage";
        "ErrDecryptionFailed" "server_error" 500 ServerError,
            "A stored value does not decrypt: another key, another context, or altered bytes";
        "ErrEncryptorUnavailable" "server_error" 500 ServerError,
            "The service that holds the encryption keys cannot be reached";
        "ErrRotationConflict" "server_error" 500 ServerError,
            "Two processes rotated the signing key at once";
        "ErrKeyNotFound" "server_error" 500 ServerError,
            "The signing key is not in the key store";
    }
    "Broker and vault" {
        "ErrConnectionNotFound" "not_found" 404 NotFound,
            "This owner has no connection to this service, and none is being made";
        "ErrConnectionConflict" "conflict" 409 Conflict,
            "Somebody else changed the connection in between";
        "ErrConnectionExists" "conflict" 409 Conflict,
            "This owner is connected to this service already";
        "ErrStateNotFound" "invalid_request" 400 InvalidRequest,
            "The `state` of a connection is unknown, over, or was used already";
        "ErrServiceNotFound" "invalid_request" 400 InvalidRequest,
            "No connector serves this name";
        "ErrInvalidState" "invalid_request" 400 InvalidRequest,
            "The `state` of a connection is malformed or was altered";
        "ErrStateForeignUser" "access_denied" 403 ExchangeDenied,
            "The `state` of a connection belongs to another user";
        "ErrInvalidReturnURL" "invalid_request" 400 InvalidRequest,
            "The allow-list lacks this `return_url`";
        "ErrScopeNotGranted" "scope_not_granted" 400 ScopeNotGranted,
            "The connection to the provider lacks the scope";
        "ErrVaultTokenExpired" "token_expired" 400 VaultTokenExpired,
            "The provider's stored token has ended, and cannot be refreshed";
        "ErrInvalidTarget" "invalid_target" 400 InvalidTarget,
            "The resource is unknown, not part of the grant, or this user has no connection to it";
        "ErrAmbiguousBrokerResource" "invalid_request" 400 InvalidRequest,
            "The provider serves several resources and the request names none in `resource`";
        "ErrVaultVendActorNotAllowed" "invalid_request" 400 InvalidRequest,
            "Tokens from the vault are not given to an `actor_token`";
        "ErrConnectorConfigNotFound" "not_found" 404 NotFound,
            "The connector is not configured";
        "ErrConnectorConfigExists" "conflict" 409 Conflict,
            "The connector is configured already";
        "ErrConnectorHasConnections" "conflict" 409 Conflict,
            "The connector cannot be deleted while users are connected through it";
        "ErrBrokerActorNotAllowed" "invalid_request" 400 InvalidRequest,
            "Brokered resources do not take an `actor_token`";
        "ErrBrokerCredentialMissing" "invalid_grant" 400 InvalidGrant,
            "This user has no stored grant of this provider";
        "ErrAdapterNotRegistered" "server_error" 500 ServerError,
            "The server was built without an adapter for this protocol";
        "ErrBrokerProviderHasReferences" "conflict" 409 Conflict,
            "The provider cannot be deleted while resources or grants refer to it";
        "ErrBrokerGrantConflict" "conflict" 409 Conflict,
            "Somebody else changed the brokered grant in between: fetch it again and repeat";
        "ErrPendingStateNotFound" "invalid_request" 400 InvalidRequest,
            "The pending connection is unknown, over, or was used already";
    }
    "DPoP" {
        "ErrDPoPReplay" "invalid_dpop_proof" 400 AsInvalidDpopProof,
            "The proof's `jti` was seen before";
        "ErrDPoPInvalidProof" "invalid_dpop_proof" 400 AsInvalidDpopProof,
            "The proof fails a check: algorithm, key, method, URL, age or token digest";
        "ErrDPoPNonceRequired" "use_dpop_nonce" 400 AsUseDpopNonce,
            "The proof needs a nonce and has none";
        "ErrDPoPNonceMismatch" "use_dpop_nonce" 400 AsUseDpopNonce,
            "The proof's nonce is unknown or over";
    }
    "Token exchange" {
        "ErrTokenExchangeNotAuthorized" "access_denied" 403 ExchangeDenied,
            "The target does not list this client, or the token was issued to another client";
        "ErrTokenExchangeChainTooDeep" "access_denied" 403 ExchangeDenied,
            "The delegation has more actors than allowed; the token endpoint sends 400 `invalid_request` for it";
    }
    "Cross-app access" {
        "ErrIDPNotFound" "not_found" 404 NotFound,
            "The admin API knows no trusted identity provider of this id";
        "ErrIDPDisabled" "invalid_grant" 400 InvalidGrant,
            "The identity provider is known, but switched off";
        "ErrAssertionInvalid" "invalid_grant" 400 InvalidGrant,
            "The assertion cannot be read, or its signature is wrong";
        "ErrAssertionExpired" "invalid_grant" 400 InvalidGrant,
            "The assertion has expired, or is older than five minutes";
        "ErrAssertionAudienceMismatch" "invalid_grant" 400 InvalidGrant,
            "The assertion is meant for another server";
        "ErrAssertionIssuerUntrusted" "invalid_grant" 400 InvalidGrant,
            "The assertion comes from a provider that is not trusted";
        "ErrAssertionTypeMismatch" "invalid_grant" 400 InvalidGrant,
            "The assertion's `typ` is not `oauth-id-jag+jwt`";
        "ErrAssertionClientMismatch" "invalid_client" 401 InvalidClient,
            "The assertion was issued for another client";
        "ErrAssertionPolicyDenied" "access_denied" 403 ExchangeDenied,
            "Provider, client, scope and resource are not allowed together by any cross-app policy";
        "ErrAssertionReplay" "invalid_grant" 400 InvalidGrant,
            "The assertion was used before";
        "ErrSubjectMappingNotFound" "access_denied" 403 ExchangeDenied,
            "The subject has no mapping, and only mapped subjects are let in";
        "ErrXAAPolicyNotFound" "not_found" 404 NotFound,
            "The admin API knows no cross-app policy of this id";
        "ErrSubjectMappingDuplicate" "invalid_request" 400 InvalidRequest,
            "The subject is mapped already";
    }
    "Administration" {
        "ErrClientHasActiveTokens" "conflict" 409 Conflict,
            "The client cannot be deleted while it has live tokens, unless forced";
        "ErrUserHasActiveTokens" "conflict" 409 Conflict,
            "The user cannot be deleted while there are live tokens, unless forced";
        "ErrClientConflict" "conflict" 409 Conflict,
            "Somebody else changed the client in between";
        "ErrUserConflict" "conflict" 409 Conflict,
            "Somebody else changed the user in between";
        "ErrUserAlreadyExists" "conflict" 409 Conflict,
            "Another user has this e-mail address";
        "ErrResourceServerNotFound" "not_found" 404 NotFound,
            "There is no such resource server";
        "ErrResourceServerExists" "conflict" 409 Conflict,
            "A resource server of this URI is registered already";
        "ErrAllowlistEntryNotFound" "not_found" 404 NotFound,
            "The allow-list has no such entry";
        "ErrAllowlistEntryExists" "conflict" 409 Conflict,
            "The allow-list has this entry already";
    }
    "Resources, consent and fronting" {
        "ErrResourceNotFound" "not_found" 404 NotFound,
            "No resource has this id, short name or URI";
        "ErrAmbiguousResource" "invalid_request" 400 InvalidRequest,
            "More than one resource has this identifier";
        "ErrInvalidSlug" "invalid_request" 400 InvalidRequest,
            "The short name has characters or a form that is not allowed";
        "ErrScopeNotInCatalog" "invalid_scope" 400 InvalidScope,
            "The resource does not declare the scope";
        "ErrScopeNotConsented" "invalid_scope" 400 InvalidScope,
            "The user has not consented to the scope";
        "ErrConsentResourceNotMint" "invalid_request" 400 InvalidRequest,
            "Consent was asked for a brokered resource; only resources with tokens of this server's own have one";
        "ErrResourceHasReferences" "conflict" 409 Conflict,
            "The resource cannot be deleted while consents or issued tokens refer to it";
        "ErrIssuanceNotFound" "not_found" 404 NotFound,
            "There is no such record of an issued token";
        "ErrFrontingLinkNotFound" "not_found" 404 NotFound,
            "There is no fronting link from this resource to that one";
        "ErrFrontingLinkExists" "conflict" 409 Conflict,
            "The fronting link is there already";
        "ErrFrontingLinkCycle" "invalid_request" 400 InvalidRequest,
            "The fronting link would close a circle";
        "ErrResourceHasFrontingLinks" "conflict" 409 Conflict,
            "The resource cannot be deleted while fronting links touch it, unless they go too";
    }
    "Errors with members" {
        "ConsentRequiredError" "consent_required" 400 ConsentRequired,
            "An exchange needs the user's consent; the body carries `consent_url` and `cause`";
        "FrontingLinkMissingError" "invalid_request" 400 InvalidRequest,
            "The operator has declared no fronting link between the two resources";
        "FeatureDisabledError" "service_unavailable" 503 ServiceUnavailable,
            "The feature is off, and the text names its setting; the token endpoint sends 400 `unsupported_grant_type` for it";
    }
}
