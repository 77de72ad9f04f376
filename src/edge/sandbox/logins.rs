//! What keeps an account out although its password is right.

/// A reason to refuse a login, each with an error id of its own (reference 1.7). Where a variable of the server
/// says the same (`U_AccountDisabled`, `U_2F_Enabled`, `D_DisableLogin`), that is heeded too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginBar {
    TwoFactor,
    /// The account may log in from other addresses only; told by `account_disabled_1`.
    IpRestricted,
    /// Likewise, told by `login_ip_invalid`.
    IpInvalid,
    Disabled,
    PasswordExpired,
    AccountExpired,
    DomainLoginOff,
    DomainExpired,
    /// The licence has no room for it.
    Licence,
}

impl LoginBar {
    /// All that can keep an account out, for tests that go through every one.
    pub const ALL: [LoginBar; 9] = [
        LoginBar::TwoFactor,
        LoginBar::IpRestricted,
        LoginBar::IpInvalid,
        LoginBar::Disabled,
        LoginBar::PasswordExpired,
        LoginBar::AccountExpired,
        LoginBar::DomainLoginOff,
        LoginBar::DomainExpired,
        LoginBar::Licence,
    ];

    /// The error id.
    #[must_use]
    pub fn uid(self) -> &'static str {
        match self {
            LoginBar::TwoFactor => "auth_two_factor_required",
            LoginBar::IpRestricted => "account_disabled_1",
            LoginBar::IpInvalid => "login_ip_invalid",
            LoginBar::Disabled => "account_disabled_2",
            LoginBar::PasswordExpired => "account_disabled_3",
            LoginBar::AccountExpired => "account_disabled_4",
            LoginBar::DomainLoginOff => "account_disabled_11",
            LoginBar::DomainExpired => "account_disabled_12",
            LoginBar::Licence => "account_disabled_13",
        }
    }
}
