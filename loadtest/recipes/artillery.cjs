// Called by artillery.yaml once for each user, before its websocket is opened.

module.exports = {
  connectAsUser(connection, context, next) {
    const { token, conversation } = context.vars;
    connection.target += `/ws/chat/${conversation}/`;
    connection.options = { ...connection.options, headers: { Authorization: `Bearer ${token}` } };
    next();
  },
};
