use super::codes::{Meaning, meaning};
use super::*;

/// Answers as WordPress 6.1 gives them, word for word.
const REAL: &[(&str, &str, u64, Meaning)] = &[
    (
        r#"{"code":"rest_not_logged_in","message":"You are not currently logged in.","data":{"status":401}}"#,
        "rest_not_logged_in",
        401,
        Meaning::Reconnect,
    ),
    // A wrong password, on a call that a right is missing for without one.
    (
        r#"{"code":"rest_cannot_create","message":"Sorry, you are not allowed to create posts as this user.","data":{"status":401}}"#,
        "rest_cannot_create",
        401,
        Meaning::Reconnect,
    ),
    (
        r#"{"code":"rest_cannot_create","message":"Sorry, you are not allowed to create posts as this user.","data":{"status":403}}"#,
        "rest_cannot_create",
        403,
        Meaning::NotAllowed,
    ),
    // A wrong password, on a look-up of posts that are not public.
    (
        r#"{"code":"rest_invalid_param","message":"Invalid parameter(s): status","data":{"status":400,"params":{"status":"Status is forbidden."},"details":{"status":{"code":"rest_forbidden_status","message":"Status is forbidden.","data":{"status":401}}}}}"#,
        "rest_forbidden_status",
        401,
        Meaning::Reconnect,
    ),
    (
        r#"{"code":"rest_invalid_param","message":"Invalid parameter(s): status","data":{"status":400,"params":{"status":"Status is forbidden."},"details":{"status":{"code":"rest_forbidden_status","message":"Status is forbidden.","data":{"status":403}}}}}"#,
        "rest_forbidden_status",
        403,
        Meaning::NotAllowed,
    ),
    (
        r#"{"code":"rest_invalid_param","message":"Invalid parameter(s): tags","data":{"status":400,"params":{"tags":"tags[0] is not of type integer."},"details":{"tags":{"code":"rest_invalid_type","message":"tags[0] is not of type integer.","data":{"param":"tags[0]"}}}}}"#,
        "rest_invalid_param",
        400,
        Meaning::Content,
    ),
    (
        r#"{"code":"rest_invalid_param","message":"Invalid parameter(s): status","data":{"status":400,"params":{"status":"status is not one of publish, future, draft, pending, and private."},"details":{"status":{"code":"rest_not_in_enum","message":"status is not one of publish, future, draft, pending, and private.","data":null}}}}"#,
        "rest_invalid_param",
        400,
        Meaning::Content,
    ),
    (
        r#"{"code":"empty_content","message":"Content, title, and excerpt are empty.","data":{"status":400}}"#,
        "empty_content",
        400,
        Meaning::Content,
    ),
    (
        r#"{"code":"rest_upload_sideload_error","message":"Sorry, you are not allowed to upload this file type.","data":{"status":500}}"#,
        "rest_upload_sideload_error",
        500,
        Meaning::Content,
    ),
    (
        r#"{"code":"rest_upload_sideload_error","message":"The uploaded file could not be moved to wp-content/uploads.","data":{"status":500}}"#,
        "rest_upload_sideload_error",
        500,
        Meaning::Passing,
    ),
    (
        r#"{"code":"rest_upload_hash_mismatch","message":"Content hash did not match expected.","data":{"status":412}}"#,
        "rest_upload_hash_mismatch",
        412,
        Meaning::Passing,
    ),
    (
        r#"{"code":"rest_upload_no_content_disposition","message":"No Content-Disposition supplied.","data":{"status":400}}"#,
        "rest_upload_no_content_disposition",
        400,
        Meaning::Content,
    ),
    (
        r#"{"code":"rest_post_invalid_id","message":"Invalid post ID.","data":{"status":404}}"#,
        "rest_post_invalid_id",
        404,
        Meaning::NotThere,
    ),
    (
        r#"{"code":"rest_no_route","message":"No route was found matching the URL and request method.","data":{"status":404}}"#,
        "rest_no_route",
        404,
        Meaning::NotThere,
    ),
    (
        r#"{"code":"incorrect_password","message":"The provided password is an invalid application password.","data":{"status":401}}"#,
        "incorrect_password",
        401,
        Meaning::Reconnect,
    ),
    (
        r#"{"code":"rest_some_plugin","message":"No.","data":{"status":400}}"#,
        "rest_some_plugin",
        400,
        Meaning::Unknown,
    ),
];

#[test]
fn each_real_answer_has_its_meaning() {
    for (body, code, status, means) in REAL {
        let error = ApiError::read(body.as_bytes()).unwrap();
        assert_eq!((error.code.as_str(), error.status), (*code, Some(*status)), "{body}");
        assert_eq!(meaning(&error.code, *status, &error.message), *means, "{body}");
    }
}

#[test]
fn a_term_that_is_there_says_which() {
    let body = r#"{"code":"term_exists","message":"A term with the name provided already exists in this taxonomy.","data":{"status":400,"term_id":2},"additional_data":[2,2]}"#;
    assert_eq!(ApiError::read(body.as_bytes()).unwrap().term_id, Some(2));
}

#[test]
fn warnings_before_an_error_do_not_hide_it_and_nothing_else_is_taken_for_one() {
    let warned = "<br />\n<b>Warning</b>: Undefined {x} in <b>/a.php</b>\n\
        {\"code\":\"rest_cannot_edit\",\"message\":\"No.\",\"data\":{\"status\":403}}\n<!-- cached -->";
    assert_eq!(ApiError::read(warned.as_bytes()).unwrap().code, "rest_cannot_edit");
    let com = r#"{"error":"invalid_token","message":"The OAuth2 token is invalid."}"#;
    assert_eq!(ApiError::read(com.as_bytes()).unwrap().code, "invalid_token");
    for other in ["", "<html>{\"code\":", "{\"code\":7}", "{\"id\":1}", "[]", "\u{0}\u{1}"] {
        assert_eq!(ApiError::read(other.as_bytes()), None, "{other}");
    }
    assert_eq!(ApiError::read(&[0xFF, 0xFE]), None);
}
