//! The suite. Each case is written once, for every [`Adapter`](crate::server::Adapter).

pub(crate) mod body;
pub(crate) mod device;
pub(crate) mod failure;
pub(crate) mod forgery;
pub(crate) mod head;
pub(crate) mod lifecycle;
pub(crate) mod mounting;
pub(crate) mod refusal;
pub(crate) mod signed_in;
pub(crate) mod takeover;

/// Makes a test of each case for an adapter.
macro_rules! conformance {
    ($adapter:ident) => {
        conformance! { $adapter:
            lifecycle {
                visitor_who_touches_nothing_gets_nothing
                session_that_nobody_looked_at_leaves_no_trace
                look_without_a_change_only_varies
                login_read_change_and_logout
                cookie_has_the_promised_attributes
                renew_changes_the_id_and_a_write_does_not
                two_sessions_live_side_by_side
                hundred_clients_each_see_their_own
            }
            head {
                other_cookies_survive_in_order
                cached_response_is_not_stored_once_it_sets_the_cookie
                refresh_without_a_write_is_not_stored_either
                head_and_options_commit_like_get
                redirect_carries_the_cookie
                unknown_paths_and_methods_leave_no_trace
            }
            failure {
                returned_errors_commit
                error_types_commit
                error_is_not_stored_once_it_sets_two_cookies
                panic_that_is_caught_keeps_what_was_written
                panic_that_nobody_catches_costs_one_connection
                oversize_session_is_an_empty_error_and_the_old_one_stays
                oversize_session_lets_nobody_store_its_error
                oversize_inner_session_leaves_the_outer_one
            }
            body {
                stream_sees_the_session
                change_after_the_head_is_reported
                first_look_after_the_head_is_reported
                upgrade_carries_the_cookie_in_its_head
            }
            refusal {
                refused_cookies_look_like_none
                live_cookie_behind_junk_is_found
                cookie_headers_are_one_list
                of_several_live_cookies_the_last_sealed_wins
                tampered_cookie_is_replaced_at_the_next_login
            }
            mounting {
                mounted_twice_commits_once
                two_kinds_of_one_type_are_found
                another_configuration_of_one_type_and_name_is_found
                two_types_under_one_name_are_found
                forgotten_layer_is_found
                option_tells_of_the_layer_and_not_of_the_visitor
                existing_is_for_those_who_came_with_a_session
                middleware_may_hold_the_session
                two_extractions_are_one_session
            }
            forgery {
                request_of_another_site_is_refused
                form_needs_the_token_of_its_session
                guard_without_its_sessions_is_found
            }
            signed_in {
                guest_with_a_session_is_not_signed_in
                browser_is_sent_to_the_sign_in_page_and_told_the_way_back
                poll_does_not_keep_the_session_alive
                token_in_a_header_is_a_session_and_sets_no_cookie
            }
            device {
                session_is_bound_to_its_device_and_a_copied_cookie_is_none
            }
            takeover {
                visitor_of_iron_session_stays_signed_in
                iron_cookie_stays_where_nobody_reads_it
                parallel_requests_with_an_iron_cookie_are_one_session
                forged_iron_cookie_is_nobody
                logout_removes_both_cookies
                thousand_visitors_in_parts_come_along_and_nothing_is_left
            }
        }
    };
    ($adapter:ident: $($group:ident { $($case:ident)* })*) => {
        mod conforms {
            $(
                mod $group {
                    $(
                        #[tokio::test]
                        async fn $case() {
                            crate::cases::$group::$case::<super::super::$adapter>().await;
                        }
                    )*
                }
            )*
        }
    };
}
