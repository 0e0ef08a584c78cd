//! The meaning of each of WordPress's codes.

/// What a code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The password is not accepted, or no password is.
    Reconnect,
    /// The user may not do this.
    NotAllowed,
    /// There is no such item or no such call.
    NotThere,
    /// The content is not accepted.
    Content,
    /// It may work later.
    Passing,
    /// Not one of these: the status decides.
    Unknown,
}

/// WordPress's codes, <https://developer.wordpress.org/rest-api/reference/> and the controllers in
/// <https://github.com/WordPress/WordPress/tree/master/wp-includes/rest-api/endpoints>.
const CODES: &[(&str, Meaning)] = &[
    ("incorrect_password", Meaning::Reconnect),
    ("invalid_username", Meaning::Reconnect),
    ("invalid_email", Meaning::Reconnect),
    ("rest_not_logged_in", Meaning::Reconnect),
    ("application_passwords_disabled", Meaning::Reconnect),
    ("application_passwords_disabled_for_user", Meaning::Reconnect),
    // Those of WordPress.com.
    ("invalid_token", Meaning::Reconnect),
    ("authorization_required", Meaning::Reconnect),
    ("rest_cannot_create", Meaning::NotAllowed),
    ("rest_cannot_edit", Meaning::NotAllowed),
    ("rest_cannot_publish", Meaning::NotAllowed),
    ("rest_cannot_edit_others", Meaning::NotAllowed),
    ("rest_cannot_assign_sticky", Meaning::NotAllowed),
    ("rest_cannot_assign_term", Meaning::NotAllowed),
    ("rest_cannot_delete", Meaning::NotAllowed),
    ("rest_cannot_read", Meaning::NotAllowed),
    ("rest_cannot_view", Meaning::NotAllowed),
    ("rest_forbidden", Meaning::NotAllowed),
    ("rest_forbidden_context", Meaning::NotAllowed),
    ("rest_forbidden_status", Meaning::NotAllowed),
    ("rest_upload_limited_space", Meaning::NotAllowed),
    ("rest_user_cannot_view", Meaning::NotAllowed),
    ("rest_post_invalid_id", Meaning::NotThere),
    ("rest_no_route", Meaning::NotThere),
    ("rest_invalid_param", Meaning::Content),
    ("rest_missing_callback_param", Meaning::Content),
    ("rest_invalid_author", Meaning::Content),
    ("rest_invalid_featured_media", Meaning::Content),
    ("rest_invalid_field", Meaning::Content),
    ("rest_invalid_json", Meaning::Content),
    ("rest_post_exists", Meaning::Content),
    ("empty_content", Meaning::Content),
    ("rest_upload_no_data", Meaning::Content),
    ("rest_upload_no_content_type", Meaning::Content),
    ("rest_upload_no_content_disposition", Meaning::Content),
    ("rest_upload_invalid_disposition", Meaning::Content),
    ("rest_upload_file_too_big", Meaning::Content),
    ("rest_upload_image_type_not_supported", Meaning::Content),
    // The bytes changed on the way: send them again.
    ("rest_upload_hash_mismatch", Meaning::Passing),
];

/// Upload errors, status 500, that are about the file if their text is.
const UPLOAD_ERRORS: &[&str] =
    &["rest_upload_sideload_error", "rest_upload_file_error", "rest_upload_unknown_error"];

/// What WordPress says of a file that it will never take; part of longer texts.
/// <https://github.com/WordPress/WordPress/blob/master/wp-admin/includes/file.php>
const ABOUT_THE_FILE: &[&str] = &[
    "not allowed to upload this file type",
    "file type is not permitted",
    "exceeds the maximum upload size",
    "exceeds the upload_max_filesize",
    "File is empty",
];

/// What `code` says with `status` and `message`.
pub(super) fn meaning(code: &str, status: u64, message: &str) -> Meaning {
    // A credential is sent with every call. 401 says that no user was recognised by it, whatever
    // else the code says: depending on the call, WordPress tells only the right that is missing.
    if status == 401 {
        return Meaning::Reconnect;
    }
    if UPLOAD_ERRORS.contains(&code) {
        let about_the_file = ABOUT_THE_FILE.iter().any(|text| message.contains(text));
        return if about_the_file { Meaning::Content } else { Meaning::Passing };
    }
    let known = CODES.iter().find(|(known, _)| *known == code);
    known.map_or(Meaning::Unknown, |(_, meaning)| *meaning)
}
