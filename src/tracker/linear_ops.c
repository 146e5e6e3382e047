#include "tracker/linear_ops.h"

/* clang-format off */

/*
 * What is read of an issue.  In lists with fewer LABELS: lists in lists multiply, and a
 * query of more than 10,000 points is refused.
 */
#define PARTS(labels) \
	"id identifier url title description updatedAt archivedAt estimate" \
	" state { id name type position }" \
	" assignee { id name displayName } delegate { id name displayName }" \
	" parent { identifier } project { id name }" \
	" labels(first: " labels ") { nodes { id name isGroup parent { name } }" \
	" pageInfo { hasNextPage } }"

/* What is told of an issue that is only passed by. */
#define ENDS \
	"id identifier url title state { id name type position }" \
	" assignee { displayName } delegate { displayName }"

const struct linear_text linear_text[LINEAR_N_OPS] = {
	[LINEAR_TEAM] = { "Team",
	    "query Team($key: String!) {"
	    " viewer { id name displayName }"
	    " teams(first: 2, filter: { key: { eqIgnoreCase: $key } }) { nodes {"
	    " id key name issueEstimationType"
	    " states(first: 100) { nodes { id name type position } } } } }" },

	[LINEAR_LABELS] = { "Labels",
	    "query Labels($names: [String!]!, $team: ID!, $after: String) {"
	    " issueLabels(first: 100, after: $after, filter: { name: { in: $names },"
	    " or: [{ team: { id: { eq: $team } } }, { team: { null: true } }] }) {"
	    " nodes { id name isGroup retiredAt parent { name } team { id } }"
	    " pageInfo { hasNextPage endCursor } } }" },

	[LINEAR_USERS] = { "Users",
	    "query Users($name: String!) {"
	    " users(first: 20, filter: { or: [{ name: { eqIgnoreCase: $name } },"
	    " { displayName: { eqIgnoreCase: $name } },"
	    " { email: { eqIgnoreCase: $name } }] }) {"
	    " nodes { id name displayName app active } } }" },

	[LINEAR_PROJECTS] = { "Projects",
	    "query Projects($name: String!) {"
	    " projects(first: 5, filter: { or: [{ name: { eqIgnoreCase: $name } },"
	    " { slugId: { eq: $name } }] }) { nodes { id name } } }" },

	[LINEAR_BRIEF] = { "Brief",
	    "query Brief($id: String!) { issue(id: $id) { " PARTS("50")
	    " team { id key issueEstimationType"
	    " states(first: 100) { nodes { id name type position } } } } }" },

	[LINEAR_ISSUE] = { "Issue",
	    "query Issue($id: String!) { issue(id: $id) { " PARTS("50")
	    " relations(first: 50) { nodes { type relatedIssue { identifier } }"
	    " pageInfo { hasNextPage } }"
	    " inverseRelations(first: 50) { nodes { type issue { identifier } }"
	    " pageInfo { hasNextPage } }"
	    " children(first: 100) { nodes { identifier createdAt }"
	    " pageInfo { hasNextPage } } } }" },

	[LINEAR_CHILDREN] = { "Children",
	    "query Children($parent: ID!, $first: Int!, $after: String) {"
	    " issues(first: $first, after: $after,"
	    " filter: { parent: { id: { eq: $parent } } },"
	    " sort: [{ createdAt: { order: Ascending } }]) {"
	    " nodes { " PARTS("25") " } pageInfo { hasNextPage endCursor } } }" },

	[LINEAR_DONE] = { "Done",
	    "query Done($key: String!, $first: Int!) {"
	    " issues(first: $first, filter: { team: { key: { eqIgnoreCase: $key } },"
	    " state: { type: { eq: \"completed\" } } },"
	    " sort: [{ completedAt: { order: Descending } }]) {"
	    " nodes { " ENDS " } pageInfo { hasNextPage } } }" },

	[LINEAR_LINKED] = { "Linked",
	    "query Linked($id: String!) { issue(id: $id) { identifier"
	    " relations(first: 50) { nodes { type relatedIssue { " ENDS " } }"
	    " pageInfo { hasNextPage } }"
	    " inverseRelations(first: 50) { nodes { type issue { " ENDS " } }"
	    " pageInfo { hasNextPage } } } }" },

	[LINEAR_COMMENT] = { "Comment",
	    "query Comment($id: String!) {"
	    " comment(id: $id) { id body issue { id } } }" },

	[LINEAR_ATTACHMENT] = { "Attachment",
	    "query Attachment($id: String!) {"
	    " attachment(id: $id) { id url issue { id } } }" },

	[LINEAR_AGENTS] = { "Agents",
	    "query Agents($id: String!) { issue(id: $id) { id agentSessions(first: 10) {"
	    " nodes { id status summary url updatedAt"
	    " appUser { id name displayName isMe } } } } }" },

	[LINEAR_ACTIVITY] = { "Activity",
	    "query Activity($id: String!) { agentActivity(id: $id) { id } }" },

	[LINEAR_PLACE] = { "Place",
	    "query Place($id: String!) { issue(id: $id) { id project { id name }"
	    " projectMilestone { id name targetDate"
	    " issues(first: 100) { nodes { state { type } }"
	    " pageInfo { hasNextPage } } } } }" },

	[LINEAR_ISSUE_CREATE] = { "IssueCreate",
	    "mutation IssueCreate($input: IssueCreateInput!) {"
	    " issueCreate(input: $input) { success issue { id identifier } } }" },

	[LINEAR_ISSUE_UPDATE] = { "IssueUpdate",
	    "mutation IssueUpdate($id: String!, $input: IssueUpdateInput!) {"
	    " issueUpdate(id: $id, input: $input) { success"
	    " issue { id identifier updatedAt } } }" },

	[LINEAR_LABEL_CREATE] = { "LabelCreate",
	    "mutation LabelCreate($input: IssueLabelCreateInput!) {"
	    " issueLabelCreate(input: $input) { success issueLabel { id name } } }" },

	[LINEAR_COMMENT_CREATE] = { "CommentCreate",
	    "mutation CommentCreate($input: CommentCreateInput!) {"
	    " commentCreate(input: $input) { success comment { id body } } }" },

	[LINEAR_COMMENT_UPDATE] = { "CommentUpdate",
	    "mutation CommentUpdate($id: String!, $input: CommentUpdateInput!) {"
	    " commentUpdate(id: $id, input: $input) { success comment { id body } } }" },

	[LINEAR_RELATE] = { "Relate",
	    "mutation Relate($input: IssueRelationCreateInput!) {"
	    " issueRelationCreate(input: $input) { success issueRelation { id } } }" },

	[LINEAR_ATTACH] = { "Attach",
	    "mutation Attach($input: AttachmentCreateInput!) {"
	    " attachmentCreate(input: $input) { success attachment { id } } }" },

	[LINEAR_UPLOAD] = { "Upload",
	    "mutation Upload($type: String!, $name: String!, $size: Int!) {"
	    " fileUpload(contentType: $type, filename: $name, size: $size) { success"
	    " uploadFile { uploadUrl assetUrl headers { key value } } } }" },

	[LINEAR_AGENT_START] = { "AgentStart",
	    "mutation AgentStart($input: AgentSessionCreateOnIssue!) {"
	    " agentSessionCreateOnIssue(input: $input) { success"
	    " agentSession { id } } }" },

	[LINEAR_AGENT_TELL] = { "AgentTell",
	    "mutation AgentTell($input: AgentActivityCreateInput!) {"
	    " agentActivityCreate(input: $input) { success agentActivity { id } } }" },

	[LINEAR_UPDATE_CREATE] = { "UpdateCreate",
	    "mutation UpdateCreate($input: ProjectUpdateCreateInput!) {"
	    " projectUpdateCreate(input: $input) { success projectUpdate { id } } }" },

	[LINEAR_UPDATE_AMEND] = { "UpdateAmend",
	    "mutation UpdateAmend($id: String!, $input: ProjectUpdateUpdateInput!) {"
	    " projectUpdateUpdate(id: $id, input: $input) { success"
	    " projectUpdate { id } } }" },
};

/* clang-format on */
