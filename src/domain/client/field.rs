//! The fields of a client: their names, their order and their limits.

/// How many characters (Unicode scalar values) a text may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    pub(super) min: usize,
    pub(super) max: usize,
}

/// A name that a request about a client may use, in the order of the API's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ClientField {
    UserId,
    Email,
    Name,
    Surname,
    Phone,
    Address,
    City,
    Country,
    PostalCode,
    Gender,
    BirthDate,
    Role,
    Status,
    Avatar,
    DocumentType,
    DocumentNumber,
    CreatedAt,
    UpdatedAt,
    /// No field of a client: known so that it can be refused by name.
    Password,
}

impl ClientField {
    pub(super) const ALL: [Self; 19] = [
        Self::UserId,
        Self::Email,
        Self::Name,
        Self::Surname,
        Self::Phone,
        Self::Address,
        Self::City,
        Self::Country,
        Self::PostalCode,
        Self::Gender,
        Self::BirthDate,
        Self::Role,
        Self::Status,
        Self::Avatar,
        Self::DocumentType,
        Self::DocumentNumber,
        Self::CreatedAt,
        Self::UpdatedAt,
        Self::Password,
    ];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::UserId => "user_id",
            Self::Email => "email",
            Self::Name => "name",
            Self::Surname => "surname",
            Self::Phone => "phone",
            Self::Address => "address",
            Self::City => "city",
            Self::Country => "country",
            Self::PostalCode => "postal_code",
            Self::Gender => "gender",
            Self::BirthDate => "birth_date",
            Self::Role => "role",
            Self::Status => "status",
            Self::Avatar => "avatar",
            Self::DocumentType => "document_type",
            Self::DocumentNumber => "document_number",
            Self::CreatedAt => "created_at",
            Self::UpdatedAt => "updated_at",
            Self::Password => "password",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == name)
    }

    /// The limits of the API; it sets none for the avatar.
    pub(super) const fn limits(self) -> Limits {
        let (min, max) = match self {
            Self::Name | Self::Surname => (2, 50),
            Self::Email | Self::City | Self::Country => (0, 50),
            Self::Phone => (6, 20),
            Self::Address => (0, 255),
            Self::PostalCode | Self::DocumentNumber => (0, 20),
            Self::Gender => (0, 10),
            _ => (0, usize::MAX),
        };
        Limits { min, max }
    }
}
