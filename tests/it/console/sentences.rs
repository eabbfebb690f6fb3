//! The documents that the product is made from, sentence by sentence: each that names a page, a tab, a button, a column or
//! a dialog has a test in a browser.

use std::{fs, path::Path};

/// Each sentence, shortened, and the tests that do what it says.
const SENTENCES: [(&str, &[&str]); 34] = [
    (
        "Two access keys, created while the organization owner is creating a machine user.",
        &["two_access_keys_are_created_while_the_owner_is_creating_a_machine_user"],
    ),
    (
        "Individually added from Access keys tab on machine user's details page using Create New Key.",
        &["create_new_key_stands_at_the_top_right_of_a_machines_access_keys_tab"],
    ),
    (
        "One access key, created and managed by user from their home page.",
        &["one_access_key_is_created_and_managed_by_a_user_from_their_home_page"],
    ),
    (
        "Once the access key expires, you must create a new one.",
        &["once_the_access_key_expires_a_new_one_must_be_created"],
    ),
    (
        "If you lose the access key, you have to delete it and create a new one.",
        &["whoever_loses_the_one_key_of_a_normal_user_deletes_it_and_creates_another"],
    ),
    (
        "An access key can be revoked from a user.",
        &["revoking_a_key_affects_neither_role_nor_sign_in_of_its_user"],
    ),
    ("Log in to the BigAnimal portal.", &["a_person_logs_in_to_the_portal"]),
    (
        "From the menu next to your organization name in the top right of the portal, select My Account.",
        &["a_person_creates_a_key_from_my_account_and_copies_it"],
    ),
    (
        "Select the Access Keys tab, and from it Create New Key.",
        &["a_person_creates_a_key_from_my_account_and_copies_it"],
    ),
    ("Provide the Access Key Name.", &["a_person_creates_a_key_from_my_account_and_copies_it"]),
    (
        "Provide the Expiry days in the range of 1 to 365.",
        &["expiry_days_are_provided_in_the_range_of_1_to_365", "the_form_offers_what_the_policy_allows"],
    ),
    (
        "Copy this access key. It is available only when you create it.",
        &["the_access_key_is_available_only_when_it_is_created"],
    ),
    (
        "You can enable in-app inbox or email notifications.",
        &["in_app_inbox_or_email_notifications_are_enabled_for_ones_keys"],
    ),
    (
        "You can manage the access keys for a machine user from the Users home page.",
        &["access_keys_of_a_machine_user_are_managed_from_the_users_home_page"],
    ),
    (
        "Select Users Management. Select the Username from the list. View the Access Keys tab.",
        &["the_access_keys_tab_of_a_user_shows_name_half_the_key_expiry_and_creation"],
    ),
    (
        "Each row: Name, Access Key in half encrypted format, Expiry at, Created at.",
        &["the_access_keys_tab_of_a_user_shows_name_half_the_key_expiry_and_creation"],
    ),
    (
        "Select Delete next to the key. You're prompted to confirm the deletion.",
        &["delete_next_to_a_key_prompts_to_confirm_the_deletion"],
    ),
    (
        "Create New Key at the top-right corner of the Access Keys tab.",
        &["create_new_key_stands_at_the_top_right_of_a_machines_access_keys_tab"],
    ),
    (
        "A tenant administrator can create multiple access keys. Whereas, a user can create only two.",
        &["a_tenant_administrator_creates_multiple_access_keys_and_a_user_only_two"],
    ),
    (
        "On the Access keys tab, click Add key. Enter a name for the key.",
        &["create_new_key_stands_at_the_top_right_of_a_machines_access_keys_tab"],
    ),
    (
        "The key name is only a logical representation for easy identification on the UI.",
        &["the_name_of_a_key_is_a_label_for_identification_in_the_pages"],
    ),
    (
        "Select the number of days. You can also set a custom date or set it to never expire.",
        &["a_key_is_valid_for_days_until_a_custom_date_or_never_expires"],
    ),
    (
        "After the key expires, you can extend the date by editing the access key.",
        &["after_the_key_expires_its_date_is_extended_by_editing_it"],
    ),
    (
        "From the Key details pane, copy the access key and the secret key.",
        &["key_details_copy_access_key_and_secret_key_as_a_pair"],
    ),
    (
        "The secret key is available for copying only when it is generated for the first time.",
        &["the_access_key_is_available_only_when_it_is_created"],
    ),
    (
        "Click Confirm. To assign appropriate permissions to the access key: assign user groups, assign roles.",
        &["user_groups_or_roles_are_assigned_to_an_access_key_while_it_is_created"],
    ),
    (
        "You can also assign groups and roles later by clicking Actions > Key details.",
        &["groups_and_roles_are_assigned_by_clicking_actions_and_key_details"],
    ),
    ("Close the Key details pane.", &["key_details_stand_beside_the_list_and_alone_on_a_phone"]),
    (
        "Modify the key expiry: a custom value, or never.",
        &["the_key_expiry_is_modified_from_the_key_details_pane"],
    ),
    (
        "In the Assignments section, click Select. The impacted users receive a bell notification.",
        &["groups_and_roles_are_selected_in_key_details_and_the_impacted_user_sees_the_bell"],
    ),
    (
        "You have lost the existing secret key: click Generate new secret key. Copy it immediately after.",
        &["generate_new_secret_key_shows_it_once_and_ends_the_old_one_after_the_overlap"],
    ),
    (
        "After you close the window, the secret key is unavailable for copying.",
        &["the_access_key_is_available_only_when_it_is_created"],
    ),
    (
        "Copy the key details: key:<access key>::<secret key>,tenant id: <tenant ID>.",
        &["key_details_copy_access_key_and_secret_key_as_a_pair"],
    ),
    (
        "From the Actions menu: delete an access key, view permissions, mark a key as active or inactive.",
        &[
            "from_the_actions_menu_a_key_is_marked_inactive_and_active",
            "delete_next_to_a_key_prompts_to_confirm_the_deletion",
            "view_permissions_tells_where_each_comes_from_and_when_a_key_permits_nothing",
        ],
    ),
];

#[test]
fn every_sentence_of_the_documents_that_names_a_page_has_a_test_in_a_browser() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("it/console");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let tests: String =
        files.filter(|path| path.is_file()).map(|path| fs::read_to_string(path).unwrap()).collect();
    for (sentence, names) in SENTENCES {
        for name in names {
            let test = format!("apt-get install chromium chromium-driver\")]\nfn {name}() {{\n");
            assert!(tests.contains(&test), "{sentence}: {name}");
        }
    }
}
