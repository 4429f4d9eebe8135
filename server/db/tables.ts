/** The row of every table. Written by `npm run tables` from a migrated database; not to be edited. */

export interface Tables {
  attachment_contents: {
    id: number
    content: string | null
  }
  attachments: {
    id: number
    container_type: string | null
    container_id: number | null
    author_id: number
    file_name: string
    description: string | null
    content_type: string
    file_size: number
    digest: string | null
    storage_name: string
    status: string
    created_at: string
    updated_at: string
  }
  attempts: {
    who: string
    attempts: number
    until: string
    pending: number
  }
  auth_providers: {
    id: number
    slug: string
    name: string
    issuer: string
    client_id: string
    client_secret: string | null
    available: boolean
    registration: string
    trusts_email: boolean
    claims: unknown
    created_at: string
  }
  authenticator_setups: {
    session_id: number
    secret: string
  }
  authenticators: {
    user_id: number
    secret: string
    last_step: number
    created_at: string
  }
  budgets: {
    id: number
    project_id: number
    author_id: number
    subject: string
    description: string | null
    fixed_date: string | null
    labor_items: string | null
    material_items: string | null
    lock_version: number
    created_at: string
    updated_at: string
  }
  categories: {
    id: number
    project_id: number
    name: string
    assigned_to_id: number | null
  }
  changeset_work_packages: {
    changeset_id: number
    work_package_id: number
  }
  changesets: {
    id: number
    project_id: number
    identifier: string
    author_name: string
    user_id: number | null
    message: string
    committed_at: string
  }
  custom_actions: {
    id: number
    name: string
    description: string
    position: number
    conditions: unknown
    changes: unknown
    created_at: string
    updated_at: string
  }
  custom_field_items: {
    id: number
    custom_field_id: number
    parent_id: number | null
    label: string | null
    short: string | null
    weight: string | null
    position: number
  }
  custom_field_projects: {
    custom_field_id: number
    project_id: number
  }
  custom_field_types: {
    custom_field_id: number
    type_id: number
  }
  custom_fields: {
    id: number
    resource: string
    name: string
    format: string
    position: number
    required: boolean
    multiple: boolean
    for_all: boolean
    admin_only: boolean
    filterable: boolean
    right_to_left: boolean
    any_version: boolean
    default_value: unknown | null
    min_length: number
    max_length: number
    pattern: string | null
    formula: string | null
    created_at: string
    updated_at: string
    searchable: boolean
    section: string | null
  }
  custom_options: {
    id: number
    custom_field_id: number
    value: string
    position: number
    is_default: boolean
  }
  date_alert_days: {
    time_zone: string
    day: string
  }
  documents: {
    id: number
    project_id: number
    title: string
    description: string | null
    created_at: string
    updated_at: string
  }
  emoji_reactions: {
    id: number
    journal_id: number
    user_id: number
    reaction: string
    created_at: string
  }
  enabled_modules: {
    project_id: number
    name: string
  }
  favorites: {
    user_id: number
    project_id: number
  }
  file_links: {
    id: number
    work_package_id: number
    storage_id: number
    creator_id: number
    origin_id: string
    origin_data: unknown
    created_at: string
    updated_at: string
  }
  former_identifiers: {
    identifier: string
    project_id: number
  }
  former_passwords: {
    id: number
    user_id: number
    hash: string
  }
  forums: {
    id: number
    project_id: number
    name: string
    description: string | null
    position: number | null
    created_at: string
    updated_at: string
  }
  grid_widgets: {
    id: number
    grid_id: number
    identifier: string
    start_row: number
    end_row: number
    start_column: number
    end_column: number
    options: unknown
    query_id: number | null
  }
  grids: {
    id: number
    page: string
    project_id: number | null
    user_id: number | null
    name: string | null
    row_count: number
    column_count: number
    options: unknown
    created_at: string
    updated_at: string
  }
  group_users: {
    group_id: number
    user_id: number
  }
  help_texts: {
    id: number
    scope: string
    attribute: string
    caption: string | null
    help_text: string | null
    custom_field_id: number | null
    created_at: string
    updated_at: string
  }
  jobs: {
    id: number
    name: string
    key: string | null
    payload: unknown
    due_at: string | null
    attempts: number
    leased_until: string | null
    last_error: string | null
    created_at: string
  }
  journals: {
    id: number
    resource: string
    resource_id: number
    version: number
    user_id: number
    notes: string | null
    internal: boolean
    cause: unknown | null
    created_at: string
    updated_at: string
    unannounced: boolean
    attached: unknown | null
  }
  managed_folders: {
    id: number
    storage_id: number
    project_storage_id: number | null
    folder_id: string | null
    name: string
    rights: unknown | null
    copied_from: string | null
    monitor: string | null
  }
  meeting_agenda_items: {
    id: number
    meeting_id: number
    position: number | null
    title: string
    duration_in_minutes: number | null
    notes: string | null
    work_package_id: number | null
    presenter_id: number | null
    created_at: string
    updated_at: string
  }
  meeting_participants: {
    meeting_id: number
    role: string
    user_id: number
    mailed: string | null
  }
  meeting_versions: {
    journal_id: number
    version: number
    valid_from: string
    valid_until: string | null
    id: number
    project_id: number
    title: string
    location: string | null
    start_time: string
    duration: number
    end_time: string
    state: string
    author_id: number
    lock_version: number
    created_at: string
    updated_at: string
  }
  meetings: {
    id: number
    project_id: number
    title: string
    location: string | null
    start_time: string
    duration: number
    end_time: string
    state: string
    author_id: number
    lock_version: number
    created_at: string
    updated_at: string
  }
  membership_roles: {
    id: number
    membership_id: number
    role_id: number
    inherited_from: number | null
  }
  memberships: {
    id: number
    principal_id: number
    project_id: number | null
    entity_type: string | null
    entity_id: number | null
    created_at: string
    updated_at: string
  }
  news: {
    id: number
    project_id: number
    title: string
    summary: string | null
    description: string | null
    author_id: number
    created_at: string
    updated_at: string
  }
  news_versions: {
    journal_id: number
    version: number
    valid_from: string
    valid_until: string | null
    id: number
    project_id: number
    title: string
    summary: string | null
    description: string | null
    author_id: number
    created_at: string
    updated_at: string
  }
  non_working_days: {
    id: number
    date: string
    name: string
  }
  notification_settings: {
    id: number
    user_id: number
    project_id: number | null
    watched: boolean
    assignee: boolean
    responsible: boolean
    mentioned: boolean
    shared: boolean
    work_package_created: boolean
    work_package_commented: boolean
    work_package_processed: boolean
    work_package_prioritized: boolean
    work_package_scheduled: boolean
    news_added: boolean
    news_commented: boolean
    document_added: boolean
    forum_messages: boolean
    wiki_page_added: boolean
    wiki_page_updated: boolean
    membership_added: boolean
    membership_updated: boolean
    start_date: number | null
    due_date: number | null
    overdue: number | null
  }
  notifications: {
    id: number
    recipient_id: number
    actor_id: number | null
    work_package_id: number
    reason: string
    read_ian: boolean | null
    journal_id: number | null
    internal: boolean
    reminder_id: number | null
    alert: string | null
    alerted_on: string | null
    created_at: string
    updated_at: string
    mailed_at: string | null
  }
  oauth_applications: {
    id: number
    name: string
    client_id: string
    secret_hash: string | null
    redirect_uris: unknown
    scopes: unknown
    enabled: boolean
    owner_id: number | null
    acting_user_id: number | null
    created_at: string
    updated_at: string
    storage_id: number | null
  }
  oauth_authorizations: {
    id: number
    grant_id: number
  }
  oauth_client_credentials: {
    id: number
    storage_id: number
    client_id: string
    client_secret: string | null
    created_at: string
    updated_at: string
  }
  oauth_grants: {
    id: number
    application_id: number
    user_id: number
    scopes: unknown
    created_at: string
    updated_at: string
  }
  oauth_tokens: {
    id: number
    kind: string
    hash: string
    application_id: number
    authorization_id: number | null
    scopes: unknown
    content: unknown
    created_at: string
    expires_at: string
    consumed_at: string | null
  }
  one_time_links: {
    id: number
    purpose: string
    user_id: number
    hash: string
    expires_at: string
  }
  ordered_work_packages: {
    query_id: number
    work_package_id: number
    position: number
  }
  outbox: {
    id: number
    name: string
    resource_id: number
    actor_id: number
    changed: unknown
    created_at: string
    announced: boolean
  }
  passkey_challenges: {
    holder: string
    challenge: string
    expires_at: string
  }
  passkeys: {
    id: number
    user_id: number
    name: string
    credential: string
    public_key: string
    uses: number
    transports: unknown
    created_at: string
    last_used_at: string | null
  }
  permissions: {
    name: string
    module: string | null
    in_project: boolean
    globally: boolean
    public: boolean
    grant_to_admin: boolean
    requires: string | null
  }
  posts: {
    id: number
    forum_id: number
    parent_id: number | null
    subject: string
    content: string | null
    author_id: number
    locked: boolean
    sticky: boolean
    created_at: string
    updated_at: string
  }
  principals: {
    id: number
    type: string
    name: string
    login: string | null
    first_name: string | null
    last_name: string | null
    email: string | null
    admin: boolean
    status: number
    language: string | null
    identity_url: string | null
    avatar: string | null
    password_hash: string | null
    created_at: string
    updated_at: string
    time_zone: string | null
    disable_keyboard_shortcuts: boolean
    warn_on_leaving_unsaved: boolean
    comment_sort_descending: boolean
    auto_hide_popups: boolean
    daily_reminders: unknown | null
    immediate_reminders: unknown | null
    pause_reminders: unknown | null
    workdays: unknown | null
    custom_values: unknown | null
    failed_logins: number
    failed_login_at: string | null
    password_changed_at: string | null
    force_password_change: boolean
  }
  priorities: {
    id: number
    name: string
    color: string | null
    position: number
    is_default: boolean
    is_active: boolean
  }
  project_phase_definitions: {
    id: number
    name: string
    color: string | null
    position: number
    start_gate: boolean
    start_gate_name: string | null
    finish_gate: boolean
    finish_gate_name: string | null
    created_at: string
    updated_at: string
  }
  project_phases: {
    id: number
    project_id: number
    definition_id: number
    active: boolean
    start_date: string | null
    finish_date: string | null
    created_at: string
    updated_at: string
  }
  project_storages: {
    id: number
    project_id: number
    storage_id: number
    creator_id: number
    project_folder_mode: string
    project_folder_id: string | null
    created_at: string
    updated_at: string
  }
  project_types: {
    project_id: number
    type_id: number
  }
  projects: {
    id: number
    workspace_type: string
    identifier: string
    name: string
    description: string | null
    public: boolean
    active: boolean
    templated: boolean
    parent_id: number | null
    status_code: string | null
    status_explanation: string | null
    created_at: string
    updated_at: string
    custom_values: unknown | null
    deleting: boolean
  }
  provider_sign_ins: {
    state: string
    browser: string
    provider_id: number
    nonce: string
    code_verifier: string
    back_url: string | null
    expires_at: string
  }
  provider_tokens: {
    id: number
    user_id: number
    identity_id: number
    access_token: string | null
    refresh_token: string | null
    expires_at: string
    refused: boolean
    renewing_until: string | null
    created_at: string
    updated_at: string
  }
  queries: {
    id: number
    name: string
    project_id: number | null
    user_id: number
    public: boolean
    starred: boolean
    filters: string
    columns: string | null
    sort_by: string
    group_by: string | null
    sums: boolean
    include_subprojects: boolean
    show_hierarchies: boolean
    highlighting_mode: string
    highlighted_attributes: string | null
    display_representation: string | null
    timestamps: string
    timeline_visible: boolean
    timeline_zoom_level: string
    timeline_labels: string
    created_at: string
    updated_at: string
  }
  recovery_codes: {
    id: number
    user_id: number
    hash: string
  }
  relations: {
    id: number
    from_id: number
    to_id: number
    relation_type: string
    lag: number | null
    description: string | null
    created_at: string
    updated_at: string
  }
  reminders: {
    id: number
    work_package_id: number
    creator_id: number
    remind_at: string
    note: string | null
    completed_at: string | null
  }
  removals: {
    of_table: string
    removed: number
    resource: string
    actor: number
    created_at: string
  }
  revisions: {
    name: string
    value: number
  }
  role_permissions: {
    role_id: number
    permission: string
  }
  roles: {
    id: number
    name: string
    kind: string
    builtin: string | null
    position: number
    created_at: string
    updated_at: string
  }
  secret_key: {
    one: number
    id: string
  }
  sessions: {
    id: number
    user_id: number
    hash: string
    user_agent: string | null
    created_at: string
    last_seen_at: string
    expires_at: string
    awaits: string | null
    proved_at: string | null
  }
  settings: {
    name: string
    value: unknown
  }
  sprints: {
    id: number
    project_id: number
    name: string
    description: string | null
    start_date: string | null
    finish_date: string | null
    status: string
    sharing: string
    started_at: string | null
    completed_at: string | null
    created_at: string
    updated_at: string
  }
  statuses: {
    id: number
    name: string
    color: string | null
    position: number
    is_default: boolean
    is_closed: boolean
    is_readonly: boolean
    excluded_from_totals: boolean
    default_done_ratio: number
  }
  storage_accounts: {
    storage_id: number
    user_id: number
    account: string
  }
  storage_authorizations: {
    state: string
    credentials_id: number
    user_id: number
    code_verifier: string
    back_url: string | null
    expires_at: string
  }
  storage_connections: {
    id: number
    credentials_id: number
    user_id: number
    account: string | null
    access_token: string | null
    refresh_token: string | null
    expires_at: string
    refused: boolean
    created_at: string
    updated_at: string
    renewing_until: string | null
  }
  storages: {
    id: number
    type: string
    name: string
    host: string | null
    authentication_method: string | null
    storage_audience: string | null
    token_exchange_scope: string | null
    tenant_id: string | null
    drive_id: string | null
    application_password: string | null
    forbidden_file_name_characters: string | null
    created_at: string
    updated_at: string
  }
  task_rows: {
    task_id: number
    kind: string
    from_id: number
    to_id: number
  }
  tasks: {
    id: number
    uuid: string
    name: string
    user_id: number
    payload: unknown
    progress: number
    result: unknown | null
    created_at: string
    updated_at: string
  }
  time_entries: {
    id: number
    project_id: number
    entity_type: string
    entity_id: number
    user_id: number
    logged_by_id: number
    activity_id: number | null
    spent_on: string
    hours: number | null
    comment: string | null
    ongoing: boolean
    start_minute: number | null
    time_zone: string | null
    created_at: string
    updated_at: string
    custom_values: unknown | null
  }
  time_entry_activities: {
    id: number
    name: string
    position: number
    is_default: boolean
    is_active: boolean
  }
  tokens: {
    id: number
    user_id: number
    name: string
    hash: string
    created_at: string
    expires_at: string | null
    query_id: number | null
    scopes: unknown
    project_ids: unknown | null
    ending: string | null
    last_used_at: string | null
  }
  types: {
    id: number
    name: string
    color: string | null
    position: number
    is_default: boolean
    is_milestone: boolean
    is_in_roadmap: boolean
    description: string | null
    created_at: string
    updated_at: string
  }
  user_auth_identities: {
    id: number
    user_id: number
    provider_id: number
    subject: string
    created_at: string
  }
  user_non_working_times: {
    id: number
    user_id: number
    start_date: string
    end_date: string
  }
  user_working_hours: {
    id: number
    user_id: number
    valid_from: string
    monday_minutes: number
    tuesday_minutes: number
    wednesday_minutes: number
    thursday_minutes: number
    friday_minutes: number
    saturday_minutes: number
    sunday_minutes: number
    availability_factor: number
  }
  versions: {
    id: number
    project_id: number
    name: string
    description: string | null
    start_date: string | null
    end_date: string | null
    status: string
    sharing: string
    created_at: string
    updated_at: string
    custom_values: unknown | null
  }
  views: {
    id: number
    type: string
    query_id: number
    created_at: string
    updated_at: string
  }
  watchers: {
    work_package_id: number
    user_id: number
  }
  wiki_page_versions: {
    journal_id: number
    version: number
    valid_from: string
    valid_until: string | null
    id: number
    project_id: number
    parent_id: number | null
    title: string
    text: string | null
    author_id: number
    lock_version: number
    created_at: string
    updated_at: string
  }
  wiki_pages: {
    id: number
    project_id: number
    parent_id: number | null
    title: string
    text: string | null
    author_id: number
    lock_version: number
    created_at: string
    updated_at: string
  }
  work_package_deletions: {
    work_package_id: number
    root: number
  }
  work_package_versions: {
    journal_id: number
    version: number
    valid_from: string
    valid_until: string | null
    id: number
    project_id: number
    type_id: number
    status_id: number
    priority_id: number
    author_id: number
    assigned_to_id: number | null
    responsible_id: number | null
    category_id: number | null
    version_id: number | null
    parent_id: number | null
    subject: string
    start_date: string | null
    due_date: string | null
    duration: number | null
    schedule_manually: boolean
    ignore_non_working_days: boolean
    estimated_hours: number | null
    remaining_hours: number | null
    done_ratio: number | null
    derived_start_date: string | null
    derived_due_date: string | null
    derived_estimated_hours: number | null
    derived_remaining_hours: number | null
    derived_done_ratio: number | null
    lock_version: number
    created_at: string
    updated_at: string
    description: string | null
    custom_values: unknown | null
    project_phase_id: number | null
    budget_id: number | null
    sprint_id: number | null
  }
  work_packages: {
    id: number
    project_id: number
    type_id: number
    status_id: number
    priority_id: number
    author_id: number
    assigned_to_id: number | null
    responsible_id: number | null
    category_id: number | null
    version_id: number | null
    parent_id: number | null
    subject: string
    start_date: string | null
    due_date: string | null
    duration: number | null
    schedule_manually: boolean
    ignore_non_working_days: boolean
    estimated_hours: number | null
    remaining_hours: number | null
    done_ratio: number | null
    derived_start_date: string | null
    derived_due_date: string | null
    derived_estimated_hours: number | null
    derived_remaining_hours: number | null
    derived_done_ratio: number | null
    lock_version: number
    created_at: string
    updated_at: string
    description: string | null
    custom_values: unknown | null
    project_phase_id: number | null
    budget_id: number | null
    sprint_id: number | null
  }
  workflows: {
    type_id: number
    role_id: number
    old_status_id: number
    new_status_id: number
    author: boolean
    assignee: boolean
  }
}

export type TableName = keyof Tables
