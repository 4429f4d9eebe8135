/** The patterns of all messages. Written by `npm run messages` from the sources; not to be edited. */

/** A pattern in another language, or its forms for counts, by the names that `Intl.PluralRules` has for them. */
export type Translation = string | (Partial<Record<Intl.LDMLPluralRule, string>> & { readonly other: string })

/** What a language needs: each pattern's translation. */
export interface Catalogue {
  ' This server requires it.': Translation
  '"{0}" is no column.': Translation
  '"{0}" is no type of relation.': Translation
  '"{0}" is not a date of the form YYYY-MM-DD.': Translation
  '% Complete': Translation
  "'/my/page'": Translation
  '(current session)': Translation
  '. Change your password to continue': Translation
  '<a href="/login">Sign in</a>, or ask an administrator to invite you once more.': Translation
  '<strong>File</strong> <strike><i>{0}</i></strike> deleted': Translation
  '<strong>File</strong> {0} added': Translation
  '<strong>{0}</strong> activated': Translation
  '<strong>{0}</strong> changed (<a href="{1}">Details</a>)': Translation
  '<strong>{0}</strong> changed from <i>{1}</i> <strong>to</strong> <i>{2}</i>': Translation
  '<strong>{0}</strong> deactivated': Translation
  '<strong>{0}</strong> deleted (<a href="{1}">Details</a>)': Translation
  '<strong>{0}</strong> deleted (<strike><i>{1}</i></strike>)': Translation
  '<strong>{0}</strong> set (<a href="{1}">Details</a>)': Translation
  '<strong>{0}</strong> set to <i>{1}</i>': Translation
  'A mail with a link to activate your account is on its way, if the username and the e-mail address can be used.': Translation
  'A name cannot be written: it is made of the first and the last name.': Translation
  'A non-working day on {0} already exists.': Translation
  'A part of the address is too long.': Translation
  'A passkey signs you in without a password. Your phone, computer or security key verifies your identity. Once you have a passkey, your password alone no longer signs you in.': Translation
  'A public application has no secret.': Translation
  'A public application needs a redirect URI.': Translation
  'A recovery code replaces a lost app or passkey. {0}': Translation
  'A referenced resource was removed in the meantime.': Translation
  'A required property is missing.': Translation
  'A secret is encrypted with the key {0}, which this server does not have.': Translation
  'A storage that you no longer see': Translation
  'A work package assigned to a closed version cannot be reopened.': Translation
  'API settings': Translation
  'API tokens are disabled. Nobody can create new ones, and the server rejects existing ones as Bearer tokens.': Translation
  'Accept the invitation': Translation
  Access: Translation
  'Access denied': Translation
  'Access to anything in project': Translation
  'Access tokens': Translation
  Account: Translation
  'Account: <strong>{0}</strong>. Enter the password that you have chosen.': Translation
  'Account: <strong>{0}</strong>{1}.': Translation
  Accountable: Translation
  Actions: Translation
  Activate: Translation
  'Activate the account': Translation
  'Activate your account': Translation
  'Activate your account "{0}" at {1}. You need the password that you have chosen.': Translation
  'Activate<span class="unseen"> {0}</span>': Translation
  Active: Translation
  Activity: Translation
  Actor: Translation
  'Add a passkey': Translation
  'Add child of {0}': Translation
  'Add comment': Translation
  'Add relation': Translation
  Added: Translation
  'Adding a passkey requires JavaScript.': Translation
  Administration: Translation
  Administrator: Translation
  'Administrators create one with <code>halyard user reset-password</code>.': Translation
  'Alerts come 0, 1, 3 or 7 days before a date, and every 1, 3 or 7 days after it.': Translation
  'All other sessions have ended.': Translation
  'Allowed origins': Translation
  'Also project member': Translation
  'An administrator has to activate your account before you can sign in.': Translation
  'An authenticator app on your phone generates codes. Signing in then requires a code in addition to your password.': Translation
  'An existing account may be yours, but it is not linked to {0}. Ask an administrator to link it.': Translation
  'An internal error has occurred.': Translation
  'An ongoing time entry already exists: stop it before starting another.': Translation
  Ancestor: Translation
  'And {0} more work packages.': Translation
  'Another server has not found what this request needs.': Translation
  'Another server refuses what this request needs.': Translation
  'Another server that this request needs did not respond.': Translation
  'Any name attribute': Translation
  'Any program on a device can claim to be {0}. Authorise it only if you started this request yourself.': Translation
  'Any project phase': Translation
  Application: Translation
  'Application password': Translation
  Ascending: Translation
  'Assigned to role': Translation
  Assignee: Translation
  'Assignee or group': Translation
  'At least one active administrator must remain.': Translation
  'At least one day of the week must be a working day.': Translation
  'At least {0} characters.': Translation
  'At risk': Translation
  'Attachment content': Translation
  'Attachment file name': Translation
  Attachments: Translation
  'Attended user': Translation
  'Attended users': Translation
  Attribute: Translation
  'Attribute caption': Translation
  'Attribute field name': Translation
  'Authentication method': Translation
  'Authenticator app': Translation
  Author: Translation
  'Author name': Translation
  'Author or time of creation given by an administrator': Translation
  Authorise: Translation
  'Authorise {0}?': Translation
  'Authorise {0}? – {1}': Translation
  Authorised: Translation
  'Authorization code': Translation
  'Authorization code – {0}': Translation
  'Authorization failed': Translation
  Authorize: Translation
  'Auto hide popups': Translation
  'Availability factor': Translation
  Avatar: Translation
  'Back to access tokens': Translation
  'Back to all applications': Translation
  'Back to sign-in': Translation
  'Bad request: {0}': Translation
  Blocked: Translation
  Blocks: Translation
  'Browse the API': Translation
  Browser: Translation
  Budget: Translation
  Calendar: Translation
  Cancel: Translation
  'Capabilities must be filtered by id, principal or context, with the operator "=" and at most {0} values.': Translation
  Caption: Translation
  Category: Translation
  'Change e-mail address': Translation
  'Change parent of {0}': Translation
  'Change password': Translation
  'Changed because the status was changed by an administrator': Translation
  'Changed by an update of the system': Translation
  'Changed by the system': Translation
  'Changing the password ends all your other sessions.': Translation
  'Check the second factors': Translation
  Children: Translation
  'Choose a new password': Translation
  'Choose an expiration.': Translation
  'Choose the access.': Translation
  'Client ID': Translation
  'Client id': Translation
  'Client secret': Translation
  'Client type': Translation
  'Clients can browse the API at /api/docs.': Translation
  'Code from your authenticator app': Translation
  Color: Translation
  Column: Translation
  Columns: Translation
  Comment: Translation
  'Comment sort descending': Translation
  Completed: Translation
  'Completed at': Translation
  Confidential: Translation
  'Confidential: a program on a server that keeps a client secret': Translation
  Configured: Translation
  Confirm: Translation
  'Confirm new password': Translation
  'Confirm with a passkey': Translation
  'Confirm your identity': Translation
  'Confirm your identity at /confirm and try again.': Translation
  'Connect<span class="unseen"> {0}</span>': Translation
  Connected: Translation
  'Connected applications': Translation
  'Connected by your sign-in': Translation
  'Connection failed': Translation
  'Contact the operator of the application.': Translation
  Container: Translation
  Content: Translation
  'Content type': Translation
  Continue: Translation
  'Continue – {0}': Translation
  'Copy project': Translation
  'Copy the client secret now. It is not shown again.': Translation
  'Copy the code into the application. It works once and expires in ten minutes.': Translation
  'Copy the token now. It is not shown again.': Translation
  Costs: Translation
  Create: Translation
  'Create a token': Translation
  'Create account': Translation
  'Create an account': Translation
  'Create new recovery codes': Translation
  Created: Translation
  'Created on': Translation
  Creator: Translation
  'Current address: <strong>{0}</strong>.': Translation
  'Current password': Translation
  'Custom actions': Translation
  'Daily reminders': Translation
  Date: Translation
  'Date filter asks for more than {0} days.': Translation
  'Dates changed because the working days changed': Translation
  'Dates changed by changes to {0}': Translation
  'Dates interval': Translation
  'Days must hold at least one working day.': Translation
  Default: Translation
  'Default assignee': Translation
  'Default done ratio': Translation
  Definition: Translation
  'Delete {0}': Translation
  'Delete {0}?': Translation
  'Deleting <strong>{0}</strong> revokes all its tokens and the consent of all its users. This cannot be undone.': Translation
  Deny: Translation
  Depth: Translation
  'Derived finish date': Translation
  'Derived start date': Translation
  Descending: Translation
  Description: Translation
  Details: Translation
  Digest: Translation
  Disable: Translation
  'Disable keyboard shortcuts': Translation
  'Disconnect<span class="unseen"> {0}</span>': Translation
  Discontinued: Translation
  'Display mode': Translation
  'Display representation': Translation
  'Document "{0}" added': Translation
  Documents: Translation
  'Drive ID': Translation
  'Due in {0} days, on {1}.': Translation
  'Due today.': Translation
  Duplicated: Translation
  Duplicates: Translation
  Duration: Translation
  'Duration in minutes': Translation
  'E-mail address': Translation
  'Elements {0}.': Translation
  Email: Translation
  Enable: Translation
  'Enable API tokens': Translation
  'Enable Basic authentication': Translation
  'Enable CORS': Translation
  'Enable the API documentation': Translation
  End: Translation
  'End all other sessions': Translation
  'End date': Translation
  'End the session of {0}, started {1}': Translation
  'End time': Translation
  'Enter a future date.': Translation
  'Enter a name.': Translation
  'Enter the e-mail address of your account to receive a link for choosing a new password.': Translation
  'Entity id': Translation
  'Entity type': Translation
  Error: Translation
  'Estimates and progress': Translation
  'Every filter needs a link to its {0}: {"_links":{"{1}":{"href":"…"}}}.': Translation
  'Excluded from totals': Translation
  'Execute {0}': Translation
  "Expected CONTENT-TYPE to be {0} but got '{1}'.": Translation
  'Expiration date': Translation
  Expires: Translation
  Favorite: Translation
  'Favorite projects': Translation
  Favorited: Translation
  'File link {0}: {1}': Translation
  'File name': Translation
  'File size': Translation
  'File storages': Translation
  'File {0} added': Translation
  'File {0} deleted': Translation
  Filter: Translation
  Filters: Translation
  'Finish date': Translation
  'Finish gate': Translation
  'Finish gate name': Translation
  Finished: Translation
  'First name': Translation
  'Fixed date': Translation
  Follows: Translation
  'For example, the name of the device.': Translation
  "For property '{0}' a link like {1} is expected, but got '{2}'.": Translation
  'Forbidden file name characters': Translation
  'Forgot your password?': Translation
  'Formatted identifier': Translation
  'Formatted weight': Translation
  Forum: Translation
  'Friday hours': Translation
  From: Translation
  'Full API access on behalf of the user': Translation
  Global: Translation
  'Go to the home page': Translation
  'Go to {0}': Translation
  Grantable: Translation
  'Grantable in': Translation
  Group: Translation
  'Group by': Translation
  'Grouping by "{0}" is not supported.': Translation
  'Has application password': Translation
  'Hello {0},': Translation
  'Hello,': Translation
  'Help text': Translation
  Hidden: Translation
  'Highlighted attributes': Translation
  'Highlighting mode': Translation
  Hours: Translation
  ID: Translation
  Identifier: Translation
  'Identity url': Translation
  'If an account with this e-mail address has a password, it receives a mail with a link. The link expires in an hour.': Translation
  'If that was not you, you can ignore this mail. Your account is unchanged.': Translation
  'If the server is not set up yet, restart it to print a new link. Otherwise, <a href="/login">sign in</a>.': Translation
  'If you did not register, you can ignore this mail.': Translation
  'If you did not request this change, contact an administrator at once.': Translation
  'If you have lost your app or your passkeys, set up new ones in your account, under {0}. If somebody else used the code, do so at once and change your password.': Translation
  'If you lose your app or your passkeys, sign in with a recovery code instead. Each code works once. Print the codes or store them in a password manager. They are not shown again.': Translation
  'If you made this change, you can ignore this mail. Otherwise, change your password and check your second factors, or contact an administrator at once.': Translation
  'If you made this change, you can ignore this mail. Otherwise, choose a new password at once:': Translation
  'If you made this change, you can ignore this mail. Otherwise, contact an administrator at once.': Translation
  'Ignore non-working days': Translation
  'Immediate reminders': Translation
  Imported: Translation
  'In 30 days': Translation
  'In 90 days': Translation
  'In a year': Translation
  'In planning': Translation
  'Include subprojects': Translation
  Includes: Translation
  Integration: Translation
  Internal: Translation
  'Internal comments are disabled in this project.': Translation
  'Internal mentionable on work package': Translation
  'Invalid authorization request': Translation
  'Invalid authorization request – {0}': Translation
  "Invalid format for property 'notifications': expected {0}.": Translation
  "Invalid format for property 'working': expected a boolean.": Translation
  "Invalid format for property '{0}': expected {1}, but got '{2}'.": Translation
  "Invalid format for the option '{0}' of a widget: expected {1}.": Translation
  'Invalid link': Translation
  'Invalid request': Translation
  'Invitation to {0}': Translation
  'Invitation withdrawn: {0}': Translation
  'Invitation: {0}': Translation
  'Invited user': Translation
  'Invited users': Translation
  Involved: Translation
  'Is active': Translation
  'Is closed': Translation
  'Is default': Translation
  'Is milestone': Translation
  'Is readonly': Translation
  Label: Translation
  Lag: Translation
  Language: Translation
  'Last name': Translation
  'Last reply': Translation
  'Last seen': Translation
  'Last used': Translation
  'Latest activity at': Translation
  Location: Translation
  'Lock version': Translation
  Locked: Translation
  'Log time on {0}': Translation
  'Logged for': Translation
  'Mails stopped': Translation
  'Manage access': Translation
  'Manual scheduling': Translation
  'Manual sort': Translation
  'Maximum page size': Translation
  Meeting: Translation
  'Meeting cancelled: {0}': Translation
  'Meeting changed: {0}': Translation
  Member: Translation
  'Member of': Translation
  'Member of group': Translation
  Members: Translation
  Memberships: Translation
  'Mentionable on work package': Translation
  Menu: Translation
  Message: Translation
  'Monday hours': Translation
  'Multiple field constraints have been violated.': Translation
  'My spent time': Translation
  Name: Translation
  'Name and identifier': Translation
  "Name can't be blank.": Translation
  'Name contains invalid characters.': Translation
  'Name has already been taken.': Translation
  'Name is too long (maximum is {0} characters).': Translation
  'Name of the passkey': Translation
  Never: Translation
  'New access token': Translation
  'New e-mail address': Translation
  'New password': Translation
  'New registration at {0}': Translation
  News: Translation
  'News "{0}" added': Translation
  'No account waits for activation.': Translation
  'No authorization code': Translation
  'No passkey was created. This device may already have one for this account.': Translation
  'No passkey was used. Try again or use another method.': Translation
  'No sign-in method is enabled. Contact an administrator.': Translation
  None: Translation
  'Not connected': Translation
  'Not connected: sign in by your identity provider': Translation
  'Not found': Translation
  'Not found: {0}.': Translation
  'Not reachable': Translation
  'Not started': Translation
  Note: Translation
  Notes: Translation
  Notifications: Translation
  'Notifications by mail alone can be chosen only for all projects.': Translation
  Number: Translation
  'Number of columns': Translation
  'Number of rows': Translation
  'OAuth 2.0 applications act on behalf of the users who authorise them. Users can revoke the access at any time.': Translation
  'OAuth application': Translation
  'OAuth applications': Translation
  'OAuth client credentials': Translation
  'Off track': Translation
  'On the date below': Translation
  'On track': Translation
  'One URI per line. A request must repeat one of them exactly. <code>{0}</code> shows users a code to copy instead.': Translation
  'One origin per line, such as https://app.example.org or http://localhost:3000.': Translation
  'One project identifier per line. Leave the field empty to allow all projects.': Translation
  Ongoing: Translation
  'Only a confidential application can use client credentials.': Translation
  'Only for “On the date below”, such as 2030-12-31. The token expires at the end of that day (UTC).': Translation
  'Only project member': Translation
  'Only subproject': Translation
  Open: Translation
  'Open the link at the end of the latest mail, or change your notification settings.': Translation
  'Open the meeting': Translation
  'Open the notifications': Translation
  'Open the project': Translation
  'Open the work package': Translation
  Operator: Translation
  Options: Translation
  'Ordered work packages': Translation
  Origin: Translation
  'Origin data': Translation
  Other: Translation
  'Otherwise, everybody can read public projects.': Translation
  'Overdue by {0} days, since {1}.': Translation
  Owner: Translation
  Page: Translation
  'Pages, messages and mails are in this language. API clients use it as well.': Translation
  Parent: Translation
  Partof: Translation
  'Passkey sign-in is disabled.': Translation
  Passkeys: Translation
  Password: Translation
  'Password sign-in is disabled.': Translation
  'Pause reminders': Translation
  People: Translation
  'Planned costs': Translation
  'Planned labor costs': Translation
  'Planned labour': Translation
  'Planned material': Translation
  'Planned material costs': Translation
  'Planned time': Translation
  Position: Translation
  'Post "{0}" added': Translation
  'Potential work packages to relate to': Translation
  Precedes: Translation
  Presenter: Translation
  Principal: Translation
  'Principal type': Translation
  Priority: Translation
  Profile: Translation
  'Programs send it with each request in the header <code>Authorization: Bearer …</code>': Translation
  'Programs use these tokens to call the API on your behalf.': Translation
  'Progress recalculated: it now follows the status': Translation
  Project: Translation
  'Project attributes': Translation
  'Project details': Translation
  'Project folder': Translation
  'Project folder mode': Translation
  'Project phase': Translation
  'Project phase definition': Translation
  'Project phase gate {0}': Translation
  'Project phase {0}': Translation
  'Project status': Translation
  'Project status code': Translation
  Projects: Translation
  Property: Translation
  Public: Translation
  'Public: an app on a device or in a browser, without a client secret': Translation
  'QR code of the key below': Translation
  Query: Translation
  'Query calendars are disabled.': Translation
  Read: Translation
  'Read and write': Translation
  'Read only': Translation
  Reason: Translation
  'Recovery code': Translation
  'Recovery code used': Translation
  'Recovery codes': Translation
  'Redirect URIs': Translation
  Register: Translation
  'Register an application': Translation
  Registered: Translation
  Registrations: Translation
  'Reject<span class="unseen"> {0}</span>': Translation
  'Rejected by the storage: connect again': Translation
  Relatable: Translation
  Relates: Translation
  'Remaining work': Translation
  Remindable: Translation
  Remove: Translation
  'Remove lock on {0}': Translation
  'Remove {0}': Translation
  'Replies count': Translation
  'Request a new link': Translation
  'Require login': Translation
  Required: Translation
  Requires: Translation
  'Reset your password at {0}': Translation
  Resource: Translation
  'Resource type': Translation
  'Resource version': Translation
  Results: Translation
  'Reverse type': Translation
  'Review registrations': Translation
  Revoke: Translation
  'Revoke {0}': Translation
  'Revoke<span class="unseen"> {0}</span>': Translation
  Role: Translation
  Roles: Translation
  'Roles has an unassignable role.': Translation
  'Rotate secret': Translation
  'Saturday hours': Translation
  Save: Translation
  'Save password': Translation
  'Saved.': Translation
  'Scan the QR code with an authenticator app on your phone, or enter the key:': Translation
  Scope: Translation
  Scopes: Translation
  "Scopes can't be blank.": Translation
  Search: Translation
  'Send link': Translation
  'Send notifications': Translation
  'Server default: {0}': Translation
  'Server error': Translation
  'Service unavailable': Translation
  Sessions: Translation
  'Set lock on {0}': Translation
  'Set up': Translation
  'Set up an authenticator app': Translation
  'Set up on {0}. Signing in requires a code from the app.': Translation
  'Set up two-factor authentication': Translation
  'Set up {0}': Translation
  Settings: Translation
  'Shared with me': Translation
  'Shared with user': Translation
  Sharing: Translation
  Short: Translation
  'Should have started on {0}.': Translation
  'Sign in': Translation
  'Sign in to {0}': Translation
  'Sign in with a passkey': Translation
  'Sign in with {0}': Translation
  'Sign in – {0}': Translation
  'Sign out': Translation
  'Sign out of {0}?': Translation
  'Sign out – {0}': Translation
  'Sign-in failed': Translation
  'Single sign-on through an OpenID Connect provider': Translation
  'Some of its roles are inherited from a group. Remove them from the group.': Translation
  'Somebody has registered at {0}, and waits for an administrator to activate the account:': Translation
  'Somebody has registered with your e-mail address at {0}. You have an account already; your username is "{1}".': Translation
  'Sort by': Translation
  'Sorting by "{0}" is not supported.': Translation
  'Spent time': Translation
  Sprint: Translation
  Starred: Translation
  Start: Translation
  'Start date': Translation
  'Start gate': Translation
  'Start gate name': Translation
  'Start time': Translation
  Started: Translation
  'Started at': Translation
  'Starts in {0} days, on {1}.': Translation
  'Starts today.': Translation
  State: Translation
  Status: Translation
  'Status changed because {0} was closed': Translation
  'Status explanation': Translation
  Sticky: Translation
  'Stop mails': Translation
  'Stop these mails': Translation
  Storage: Translation
  'Storage URL': Translation
  'Storage audience': Translation
  'Storages with single sign-on share one connection: to disconnect one disconnects all, until you sign in again.': Translation
  Subject: Translation
  'Subject or id': Translation
  'Subproject id': Translation
  'Subproject of': Translation
  Subprojects: Translation
  Summary: Translation
  Sums: Translation
  'Sunday hours': Translation
  Templated: Translation
  'Tenant ID': Translation
  'Test mail from {0}': Translation
  Text: Translation
  'Texts cannot be rendered in the context of a resource of that kind.': Translation
  'The API is at /api/v3.': Translation
  'The account has been activated.': Translation
  'The account has been disconnected. This server has deleted its tokens.': Translation
  'The address would outlast the token. Use a token that does not expire, or sign in.': Translation
  'The application and all its tokens have been deleted.': Translation
  'The application has been saved.': Translation
  'The application is disabled. The server rejects its tokens.': Translation
  'The application is enabled.': Translation
  'The application was not authorised. You can close this page.': Translation
  'The application was not registered. Correct the errors below.': Translation
  'The application was not saved. Correct the errors below.': Translation
  'The application’s access has been revoked.': Translation
  'The authenticator app has been removed.': Translation
  'The body must name a user: {"user":{"href":"/api/v3/users/1"}}.': Translation
  'The body needs a delta: an object of positions by id.': Translation
  'The browser does not confirm that a page of this server sent this form. Open the page and send the form again. If people reach the server at another address, start it with that address as --public-url.': Translation
  'The change has been saved. All your other sessions have ended.': Translation
  "The chosen user is not allowed to be '{0}' for this work package.": Translation
  'The chunk extensions of the request body are too large.': Translation
  'The code cannot be used again. {0}': Translation
  'The code is wrong or has already been used.': Translation
  'The code is wrong.': Translation
  'The connection does not exist.': Translation
  'The connection ended before the request body did.': Translation
  'The connection to the database broke during the commit: the change may have been saved or not. Fetch the resource again before you repeat the change.': Translation
  'The connection was started by another account, has expired, or has already been used. Start again.': Translation
  'The consent page shows this name.': Translation
  'The content type is not supported here.': Translation
  'The content type {0} is not allowed here.': Translation
  'The context does not exist, or it cannot be seen.': Translation
  'The context does not point to a resource that texts can be rendered for.': Translation
  'The context is not a link to a resource of this API.': Translation
  'The custom field has no items: only hierarchies and weighted lists have.': Translation
  'The database is busy. Try again in a few seconds.': Translation
  'The database is damaged. Ask an administrator to restore it from a backup.': Translation
  'The database is unavailable or read-only. Try again in a few seconds.': Translation
  'The date of the start time ({0}) must be the date the time is booked for ({1}).': Translation
  'The e-mail address of your account "{0}" at {1} has been changed. This address receives no further mails.': Translation
  'The file does not have the announced size ({0} Bytes).': Translation
  'The file is too large (maximum size is {0} Bytes).': Translation
  'The file storage does not exist, or no project of yours uses it.': Translation
  'The file storage does not let your account do this.': Translation
  'The file storage has no such client. An administrator has to set its OAuth client credentials.': Translation
  'The file storage has no such file or folder.': Translation
  'The file storage is not configured yet. An administrator has to store its OAuth client credentials.': Translation
  'The file storage {0}. Try again later.': Translation
  'The given parent is not a directory.': Translation
  'The identity provider does not exist or is disabled.': Translation
  'The issuer of the access token, {0}, does not respond.': Translation
  'The job failed and will be tried again.': Translation
  'The job was abandoned: {0}': Translation
  'The job was discarded.': Translation
  'The largest number of elements in one response.': Translation
  'The link has expired or has already been used. Nothing was changed.': Translation
  'The link is not valid. Nothing was changed.': Translation
  'The link points to a resource of the wrong kind.': Translation
  "The link to a filter's {0} cannot be read.": Translation
  'The link works once and expires in an hour. If you did not make this request, you can ignore this mail. Your password is unchanged.': Translation
  'The link works once and expires in three days. If you did not register, you can ignore this mail.': Translation
  'The link works once and expires in {0} days. If you do not want an account, you can ignore this mail.': Translation
  'The meeting "{0}" has been cancelled.': Translation
  'The meeting "{0}" has changed.': Translation
  'The meeting is closed: open it again before you change its agenda.': Translation
  'The multipart body is malformed: {0}.': Translation
  'The name cannot contain slashes or control characters.': Translation
  'The name is longer than {0} characters or contains invalid characters.': Translation
  'The next step affects the security of the account of <strong>{0}</strong>.': Translation
  'The original was archived or deleted before all of it was copied.': Translation
  'The parameter filters holds an entry that is not of the form {"name":{"operator":"=","values":[…]}}.': Translation
  'The parameter filters is missing: name the schemas as [{"id":{"operator":"=","values":["1-2"]}}].': Translation
  'The parameter filters is not a JSON array of objects such as [{"id":{"operator":"=","values":["1"]}}].': Translation
  'The parameter filters must be [{"id":{"operator":"=","values":["1-2"]}}], with pairs of project and type.': Translation
  'The parameter sortBy is not a JSON array of pairs such as [["id","asc"]].': Translation
  'The parameter timelineLabels is not a JSON object with the members left, right and farRight.': Translation
  'The parameter timestamps is not a list, separated by commas, of {0}.': Translation
  'The parameter {0} is none of {1}.': Translation
  'The parameter {0} is not a number.': Translation
  'The parameter {0} is not valid JSON: {1}': Translation
  'The passkey has been added. All your other sessions have ended.': Translation
  'The passkey has been removed.': Translation
  'The passkey is unknown, or the account is locked.': Translation
  'The passkey is unknown, or the request has expired.': Translation
  'The passkey is wrong.': Translation
  'The password is incorrect.': Translation
  'The password is wrong.': Translation
  'The password of your account "{0}" at {1} has been changed.': Translation
  'The password {0}.': Translation
  'The passwords do not match.': Translation
  'The placeholder user is a member of projects whose members you may not manage.': Translation
  'The post cannot be deleted: others have replied to it.': Translation
  'The project "{0}", its subprojects and all that was in them have been deleted, as you asked.': Translation
  'The project cannot return from the archive while a project above it is archived.': Translation
  'The project has subprojects that you may not archive.': Translation
  'The project is being deleted.': Translation
  'The project is gone.': Translation
  'The project of a setting does not exist.': Translation
  'The project {0} has been created.': Translation
  'The project {0} has been deleted.': Translation
  'The property must be named in camelCase, such as startDate.': Translation
  'The property was attempted to be written but is not writable.': Translation
  'The purpose of the token, such as “Backup script”.': Translation
  "The query parameter 'filters' is missing or malformed.": Translation
  'The query parameters are not valid.': Translation
  'The redirect URI {0} {1}.': Translation
  'The registration has been rejected, and its account deleted.': Translation
  'The relation would close a circle of relations and of parents and children.': Translation
  'The relation you are looking for cannot be found or has been deleted.': Translation
  'The request arrived too slowly.': Translation
  'The request body arrived too slowly.': Translation
  'The request body is not UTF-8.': Translation
  'The request body is not a single JSON object.': Translation
  'The request body is not valid JSON: {0}': Translation
  'The request body is too large (maximum is {0} bytes).': Translation
  'The request body must consist of the {0}, and of nothing else.': Translation
  'The request has more than one Authorization header.': Translation
  'The request has no Host header.': Translation
  'The request is malformed.': Translation
  'The request is malformed: comment must be {0}.': Translation
  'The request is malformed: internal must be true or false.': Translation
  'The request is malformed: only comments can have reactions.': Translation
  'The request is malformed: reaction must be one of {0}.': Translation
  'The request is not well-formed HTTP.': Translation
  'The request line and headers are larger than 16 KiB.': Translation
  'The requested resource could not be found.': Translation
  'The resource does not support this method.': Translation
  'The resource was changed in the meantime. Fetch it again and repeat the change on the new version.': Translation
  'The resource was removed in the meantime.': Translation
  'The response of {0} is invalid.': Translation
  'The select parameter names something that cannot be selected.': Translation
  'The select parameter names unsupported properties: {0}. Supported are: {1}.': Translation
  'The selected work package': Translation
  'The server cannot process the application’s request: {0}.': Translation
  'The server has no space left for new data. Ask an administrator to free some space, then try again.': Translation
  'The server is busy. Try again in a few seconds.': Translation
  'The server is shutting down. Try again in a few seconds.': Translation
  'The server supports only the expectation 100-continue.': Translation
  'The session does not exist.': Translation
  'The session has ended.': Translation
  'The settings have been saved.': Translation
  'The settings were not saved. Correct the errors below.': Translation
  'The sign-in was started in another browser, has expired, or has already been used. Start again.': Translation
  'The specified category does not exist in the project.': Translation
  'The sprint "{0}" is active: complete it before starting another.': Translation
  'The sprint is {0}; it has to be {1}.': Translation
  'The token does not exist.': Translation
  'The token has been revoked.': Translation
  'The token has the scope {0}; this request requires {1}.': Translation
  'The token lacks the required scope.': Translation
  'The token was not created. Correct the errors below.': Translation
  'The two-factor authentication of your account "{0}" at {1} has been changed: an authenticator app, a passkey or the recovery codes.': Translation
  'The upload took too long.': Translation
  'The user cannot change from the current status to that one.': Translation
  'The user for client credentials must be active.': Translation
  'The username "{0}" is not available at {1}. Choose another one:': Translation
  'The username is “apikey”, and the password is an API token. Existing tokens work even if API tokens are disabled.': Translation
  'The username or the password is wrong, or the account is locked.': Translation
  'The value has the wrong format.': Translation
  'The value violates a constraint.': Translation
  'The value {0}.': Translation
  'The version cannot be deleted: work packages are planned for it.': Translation
  'The work package you are looking for cannot be found or has been deleted.': Translation
  'There are more than {0} filters.': Translation
  'There are no applications yet.': Translation
  'There are no file storages that you can connect to.': Translation
  'There are too many redirect URIs (maximum is {0}).': Translation
  'There can be only one setting for each project.': Translation
  'There is a relation between these two work packages already.': Translation
  'There is no scope {0}.': Translation
  'There is not enough storage space.': Translation
  'There must be exactly one setting for all projects.': Translation
  'These applications can act on your behalf.': Translation
  'This address accepts only forms.': Translation
  'This address has sent too many wrong credentials. Try again in a minute.': Translation
  'This field is required.': Translation
  'This mail was sent by "halyard mail test". If you can read it, the mail server works.': Translation
  'This server cannot send mails. Ask an administrator for a new password.': Translation
  'This server cannot send the mail that activates an account. Ask an administrator for an account.': Translation
  'This server is not a proxy.': Translation
  'This server reads and writes files in these storages on your behalf once your account is connected.': Translation
  'This server requires two-factor authentication, and this is your only method. You can use another app instead.': Translation
  'This server requires two-factor authentication. Set up an authenticator app to continue.': Translation
  'This value is not valid.': Translation
  'Thursday hours': Translation
  Time: Translation
  'Time entries': Translation
  'Time that you may not delete is booked on the work package or below it. Have it deleted or booked elsewhere first.': Translation
  'Time zone': Translation
  'Timeline labels': Translation
  'Timeline visible': Translation
  'Timeline zoom level': Translation
  Timestamps: Translation
  Title: Translation
  To: Translation
  'Token exchange scope': Translation
  'Token name {0}.': Translation
  'Token “{0}”': Translation
  'Too many attempts are running. Try again in a few seconds.': Translation
  'Too many attempts {0}. Try again in {1}.': Translation
  'Too many attempts. Try again later.': Translation
  'Too many passwords are being checked right now. Try again in a few seconds.': Translation
  'Too many requests': Translation
  'Too many wrong passwords were tried with this username. Try again later.': Translation
  'Total % complete': Translation
  'Total remaining work': Translation
  'Total work': Translation
  'Totals recalculated: they are now weighted by work': Translation
  'Try again': Translation
  'Tuesday hours': Translation
  'Two-factor authentication': Translation
  'Two-factor authentication enabled': Translation
  'Two-way OAuth 2.0 authorization code flow': Translation
  Type: Translation
  'Type id': Translation
  Typeahead: Translation
  Undisclosed: Translation
  Unit: Translation
  'Unknown browser': Translation
  'Unknown browser on {0}': Translation
  'Update {0}': Translation
  'Updated on': Translation
  'Upload File': Translation
  'Upload file': Translation
  'Use a passkey': Translation
  'Use a recovery code': Translation
  'Use another app': Translation
  'Use another method': Translation
  'Use one of your passkeys or a recovery code.': Translation
  User: Translation
  'User action': Translation
  'User is locked.': Translation
  'User is not allowed to view the work package.': Translation
  Username: Translation
  'Username for client credentials': Translation
  'Users can create API tokens and send them as Bearer tokens.': Translation
  'Valid from': Translation
  Value: Translation
  Values: Translation
  Version: Translation
  'View allowed': Translation
  'View not allowed': Translation
  Visible: Translation
  'Warn on leaving unsaved': Translation
  Watcher: Translation
  'We notify this address of the change.': Translation
  'We received a request to reset the password of your account "{0}" at {1}. Choose a new password here:': Translation
  'Web pages of the allowed origins can call the API.': Translation
  'Wednesday hours': Translation
  Weight: Translation
  Welcome: Translation
  'Welcome to {0}': Translation
  'Welcome. Set up the first administrator. The link expires when you finish.': Translation
  Widgets: Translation
  'Wiki page': Translation
  'Wiki page "{0}" added': Translation
  'Wiki page "{0}" updated': Translation
  'With client credentials, the application acts as this user. Leave the field empty to act as the anonymous user.': Translation
  'With two-factor authentication, your password alone does not give access to your account.{0}': Translation
  Work: Translation
  'Work package': Translation
  'Work packages': Translation
  'Work packages I am accountable for': Translation
  'Work packages assigned to me': Translation
  'Work packages created by me': Translation
  'Work packages graph': Translation
  'Work packages of different projects cannot be related.': Translation
  'Work packages of other projects are planned for versions of the project or of its subprojects.': Translation
  'Work packages overview': Translation
  'Work packages watched by me': Translation
  Workdays: Translation
  "Working can't be blank.": Translation
  'Workspace type': Translation
  'YYYY-MM-DD (ISO 8601 date only)': Translation
  'YYYY-MM-DDThh:mm:ssZ (ISO 8601 date and time)': Translation
  'You are invited to the meeting "{0}".': Translation
  'You are invited to {0}.': Translation
  'You are no longer invited to the meeting "{0}".': Translation
  'You are not authorized to access this resource.': Translation
  'You are signed in': Translation
  'You are signed in as <strong>{0}</strong>.': Translation
  'You are signed in to {0} as <strong>{1}</strong> ({2}). <a href="/logout">Switch account</a>': Translation
  'You are signed in with these browsers. If you do not recognise one, end its session and change your password.': Translation
  'You asked to be reminded of this work package:': Translation
  'You can sign in in a moment, if the username and the e-mail address can be used.': Translation
  'You did not provide the correct credentials.': Translation
  'You have a reminder for this work package already: change or delete that one.': Translation
  'You have no access tokens.': Translation
  'You have no account on this server. Ask an administrator to create one.': Translation
  'You have no recovery codes left. Create new ones now.': Translation
  'You have not authorised any applications.': Translation
  'You have {0} recovery codes left.': Translation
  'You have {0} unread notifications:': Translation
  'You need to be authenticated to access this resource.': Translation
  'You receive no more {0}. You can change this in your notification settings.': Translation
  'You received recovery codes when you set up two-factor authentication. Each code works once.': Translation
  'You will be redirected to <strong>{0}</strong>.': Translation
  'You will be redirected to a program on this device (<strong>{0}</strong>).': Translation
  'You will be redirected to an app on this device that handles <strong>{0}</strong> links.': Translation
  'You will receive a code to copy into the application.': Translation
  'Your account "{0}" at {1} has been activated.': Translation
  'Your account at {0} has been activated': Translation
  'Your account has been created. An administrator must activate it before you can sign in.': Translation
  'Your account has no password on this server.': Translation
  'Your account has no password on this server. Sign out and sign in again to continue.': Translation
  'Your account is connected to {0}. You can close this page.': Translation
  'Your account is locked. Contact an administrator.': Translation
  'Your account is not connected to the file storage. Open the link "authorize" of the storage in a browser to connect it; a storage without that link needs you to sign in by your identity provider.': Translation
  'Your e-mail address at {0} has been changed': Translation
  'Your identity provider manages your name and your e-mail address. Change them there.': Translation
  'Your notification settings ask for {0}.': Translation
  'Your password at {0} has been changed': Translation
  'Your password has been changed. All your other sessions have ended.': Translation
  'Your password has been changed. Sign in with the new one.': Translation
  'Your registration at {0}': Translation
  'Your reminder is due.': Translation
  'Your reminder: {0}': Translation
  'Your roles at {0}': Translation
  'Your two-factor authentication at {0} has been changed': Translation
  'Your username is <strong>{0}</strong>.': Translation
  '[{0}] You have been added': Translation
  '[{0}] Your roles have changed': Translation
  '[{0}] {1}': Translation
  '_Changes were retracted._': Translation
  '_embedded.elements must be a list of objects.': Translation
  '_embedded.elements must be a list of week days.': Translation
  '_links must be an object.': Translation
  'a JSON part is longer than {0} bytes': Translation
  'a URN such as {0}:{1}': Translation
  'a boolean': Translation
  'a boundary is followed by neither a part nor the end': Translation
  'a link like /api/v3/storages/:id/files/:folder': Translation
  'a list of at most {0} objects with the numbers {1} and amount, and a description': Translation
  'a list of days of the week, 1 to 7': Translation
  'a list of settings': Translation
  'a number': Translation
  'a number of hours': Translation
  'a part has an unsupported transfer encoding': Translation
  'a part has no name': Translation
  'a text': Translation
  active: Translation
  'affects who can sign in, so a token alone cannot change it: add your currentPassword, or sign in to change it': Translation
  'an ISO 8601 duration of sane length': Translation
  'an ISO 8601 duration such as PT8H': Translation
  'an address': Translation
  'an array of at most {0} widgets': Translation
  'an array of filters': Translation
  'an array of widgets': Translation
  'an array of {0}': Translation
  'an integer': Translation
  'an object': Translation
  'an object of positions by id': Translation
  'an object such as {"enabled":true,"firstDay":"2026-12-24","lastDay":"2026-12-31"}': Translation
  'an object such as {"enabled":true,"times":["08:00"]}': Translation
  'an object such as {"mentioned":true,"personalReminder":true}': Translation
  'an object whose member raw is a text': Translation
  'an object whose {0} is a text of {1} characters at most': Translation
  'an object with id and name': Translation
  'an object with left, right and farRight': Translation
  'an object with texts as left, right and farRight': Translation
  'an object with the member raw': Translation
  'and grouping exclude each other': Translation
  'another work package': Translation
  'are too many (maximum is {0} elements)': Translation
  'assigned to you': Translation
  between: Translation
  'blocked by': Translation
  blocks: Translation
  'by hand': Translation
  'can only be sent at a full hour': Translation
  'can only be set for oneself': Translation
  "can't be blank": Translation
  'cannot be a milestone': Translation
  'cannot be a milestone because the work package has children': Translation
  'cannot be a non-working day': Translation
  'cannot be a work package that relations tie to this one or to those below it': Translation
  'cannot be before {0}, the earliest date that the predecessors allow': Translation
  'cannot be empty as it follows from the other two': Translation
  'cannot be false without children or predecessors to follow': Translation
  'cannot be higher than Work': Translation
  'cannot be in another project': Translation
  'cannot be lower than Remaining work': Translation
  'cannot be made a member': Translation
  'cannot be one of the descendants of the work package': Translation
  'cannot be set when Work is zero': Translation
  'cannot be the page itself or a page below it': Translation
  'cannot be the work package itself': Translation
  'cannot begin with {0}': Translation
  'cannot have a fragment (#…)': Translation
  'cannot have a user name or password': Translation
  'cannot have a wildcard (*)': Translation
  child: Translation
  children: Translation
  closed: Translation
  completed: Translation
  confidential: Translation
  contains: Translation
  'daily summaries of notifications': Translation
  'days ago': Translation
  'did not respond': Translation
  disabled: Translation
  'does not exist': Translation
  'does not have the widget {0}': Translation
  'does not match Work and Remaining work': Translation
  'does not match the regular expression': Translation
  "doesn't contain": Translation
  duplicate: Translation
  'duplicated by': Translation
  duplicates: Translation
  'each setting to be an object': Translation
  'each setting to link to its project, or to none by {"href":null}': Translation
  'each week day must be named by its link self.': Translation
  enabled: Translation
  'eprops does not hold a JSON object.': Translation
  'eprops does not hold valid JSON.': Translation
  'eprops does not hold valid JSON: {0}.': Translation
  'eprops is not base64 of zlib or gzip compressed data.': Translation
  'expired {0}': Translation
  'filters whose values are texts': Translation
  'from your network': Translation
  'groupBy and showHierarchies=true exclude each other.': Translation
  'has already been taken': Translation
  'has an unassignable role': Translation
  'has been used before': Translation
  in: Translation
  'in less than': Translation
  'in more than': Translation
  'in planning': Translation
  includes: Translation
  'is (AND)': Translation
  'is (OR)': Translation
  'is a member already': Translation
  'is a phase of the project already': Translation
  'is empty': Translation
  'is incorrect': Translation
  'is invalid': Translation
  "is invalid because no valid transition exists from old to new status for the current user's roles": Translation
  'is larger than the interval between start date and finish date': Translation
  'is locked and takes no replies': Translation
  'is not': Translation
  'is not a colour such as #1A67A3': Translation
  'is not a text': Translation
  'is not a valid date': Translation
  'is not a valid range of days': Translation
  'is not active': Translation
  'is not an absolute URI': Translation
  'is not an object of positions by id': Translation
  'is not another sprint of the project that is still open': Translation
  'is not empty': Translation
  'is not set to one of the allowed values': Translation
  'is not valid for new users': Translation
  'is one whose relations you may not manage': Translation
  'is outside of the grid': Translation
  'is required when Remaining work and % Complete are set': Translation
  'is required when Work and % Complete are set': Translation
  'is required when Work and Remaining work are set': Translation
  'is reserved': Translation
  'is smaller than the interval between start date and finish date': Translation
  'is too late: the meeting must end before the year 10000': Translation
  'is too long (maximum is {0} characters)': Translation
  'is too long to be compared with the regular expression': Translation
  'is too short (minimum is {0} characters)': Translation
  'it does not begin with its boundary': Translation
  'it ends before its closing boundary': Translation
  'it has more than {0} keys and elements': Translation
  'it has more than {0} parts': Translation
  'it is nested deeper than {0} levels': Translation
  'its content type has no valid boundary': Translation
  'its process ended.': Translation
  'less than days ago': Translation
  'links to values of {0}': Translation
  locked: Translation
  'mails about changed memberships': Translation
  'mails about changed wiki pages': Translation
  'mails about comments on news': Translation
  'mails about documents': Translation
  'mails about mentions': Translation
  'mails about new memberships': Translation
  'mails about new wiki pages': Translation
  'mails about news': Translation
  'mails about posts in forums': Translation
  'mails about your reminders': Translation
  'may not be set by you in this project': Translation
  me: Translation
  'more than days ago': Translation
  'must be 0h when % Complete is 100%': Translation
  'must be a folder of the storage': Translation
  'must be a number from 0 to {0}': Translation
  'must be a number from 1 to {0}': Translation
  'must be a number of bytes': Translation
  'must be a page of the same project': Translation
  'must be after {0}, the last day of the phase before': Translation
  'must be an address such as https://files.example.org': Translation
  'must be an address such as https://graph.microsoft.com/v1.0, without a slash at its end': Translation
  'must be before {0}, the first day of the phase after': Translation
  'must be between 0 and 100': Translation
  'must be empty when Work is empty and % Complete is 100%': Translation
  'must be greater than 0': Translation
  'must be greater than or equal to 0': Translation
  'must be greater than or equal to the start date': Translation
  'must be greater than or equal to {0}': Translation
  'must be greater than the start date': Translation
  'must be in the future': Translation
  'must be in the same forum': Translation
  'must be less than or equal to 24': Translation
  'must be less than or equal to {0}': Translation
  'must be origins such as https://app.example.org, not “{0}”': Translation
  'must be the first post of a thread': Translation
  'must be written as {0}': Translation
  'must begin with https://': Translation
  'must begin with https:// (http:// only for {0})': Translation
  'must begin with https://: only public applications can have a custom scheme': Translation
  'must contain characters of at least {0} of these classes: {1}': Translation
  'must end after the line where they start': Translation
  'must have a name': Translation
  'must have an id': Translation
  'must not be before the start date': Translation
  'must not hold a day twice': Translation
  'need to be assigned': Translation
  'needs a number of days': Translation
  'needs numbers as values': Translation
  'needs one date': Translation
  'needs one value, t or f': Translation
  'needs two dates, either of which may be blank': Translation
  'needs {0}': Translation
  never: Translation
  'no projects': Translation
  'no valid token': Translation
  none: Translation
  on: Translation
  'one to {0} of ISO 8601 dates, dates and times, durations, and days gone by such as oneDayAgo@08:00+00:00': Translation
  open: Translation
  overlap: Translation
  'overlaps with another non-working time': Translation
  parent: Translation
  'part metadata': Translation
  'part of': Translation
  'parts metadata and file, each of them once': Translation
  predecessor: Translation
  'predecessor (before)': Translation
  public: Translation
  'refers to the query {0}, which does not exist': Translation
  related: Translation
  'related to': Translation
  'required by': Translation
  requires: Translation
  'requires a fresh proof of identity: confirm at /confirm first': Translation
  'responded with the status {0}': Translation
  search: Translation
  'shared with you': Translation
  'successor (after)': Translation
  'the headers of a part are longer than {0} bytes': Translation
  'the id of a query': Translation
  'the key {0} is given twice': Translation
  'this week': Translation
  'to activate this account': Translation
  'to create an account': Translation
  'to reset a password': Translation
  today: Translation
  unknown: Translation
  "values can't be blank": Translation
  'was attempted to be written but is not writable': Translation
  'with this username': Translation
  'with your account': Translation
  'with your username': Translation
  'workspace_type is no kind of workspace.': Translation
  'would nest work packages more than {0} levels deep': Translation
  'year must be a number of four digits.': Translation
  'you are accountable': Translation
  'you are mentioned': Translation
  'you are watching': Translation
  '{0} #{1}': Translation
  '{0} % done.': Translation
  '{0} ({1})': Translation
  '{0} activated': Translation
  "{0} can't be blank.": Translation
  '{0} changed': Translation
  '{0} changed from {1} to {2}': Translation
  '{0} changed the work package.': Translation
  '{0} client, <strong>{1}</strong>. Client ID:': Translation
  '{0} commented: {1}': Translation
  '{0} created the work package.': Translation
  '{0} days': Translation
  '{0} deactivated': Translation
  '{0} deleted': Translation
  '{0} deleted ({1})': Translation
  '{0} does not respond. Try again in a minute.': Translation
  '{0} filter does not exist.': Translation
  '{0} filter has invalid values.': Translation
  '{0} filter {1}.': Translation
  '{0} filter: the operator "{1}" is not one of {2}.': Translation
  '{0} has added you to the project {1}, and invites you to {2}.': Translation
  '{0} has added you to the project {1}.': Translation
  '{0} has changed your roles at {1}.': Translation
  '{0} has changed your roles in the project {1}.': Translation
  '{0} has not verified your e-mail address. Ask an administrator to link your account.': Translation
  '{0} hidden projects': Translation
  '{0} invites you to {1}.': Translation
  '{0} is not a number that can be kept': Translation
  '{0} mentioned you:': Translation
  '{0} minutes': Translation
  '{0} on {1}': Translation
  '{0} or {1}': Translation
  '{0} rejected the connection.': Translation
  '{0} rejected the sign-in.': Translation
  '{0} requests:': Translation
  '{0} sends you {1}.': Translation
  '{0} set': Translation
  '{0} set to {1}': Translation
  '{0} unread notifications': Translation
  '{0} {1}': Translation
  '{0} {1} <a class="button danger" href="{2}/delete">Delete</a>': Translation
  '{0} {1}.': Translation
  '{0} – {1}': Translation
  '{0}, all projects': Translation
  '{0}, {1}': Translation
  '{0}/{1}/{2}': Translation
  '{0}: {1}': Translation
  '{0}; {1}': Translation
  '{0}Reminder: {1}': Translation
  '{0}{1} mentioned you: {2}': Translation
}

export type Pattern = keyof Catalogue
