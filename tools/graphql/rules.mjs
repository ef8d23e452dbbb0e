// Rules of our own for ESLint.

/** Name of the type that a field leads to, without its list and non-null wrappers. */
function nameOf(type) {
  return type.kind === 'NamedType' ? type.name.value : nameOf(type.gqlType ?? type.type);
}

/** Whatever has an id, or stands in a connection, can be read again by `node(id:)`. */
export const nodeInterface = {
  meta: {
    type: 'problem',
    docs: { description: 'Types with an id, and those in a connection, implement Node.' },
    schema: [{ type: 'object', properties: { values: { type: 'array', items: { type: 'string' } } }, additionalProperties: false }],
    messages: {
      missing: '`{{name}}` must implement Node: {{why}}.',
      stale: '`{{name}}` implements Node or is gone: take it off the list of values in eslint.config.mjs.',
    },
  },
  create(context) {
    const values = new Set(context.options[0]?.values);
    const types = new Map();
    return {
      ObjectTypeDefinition: (node) => void types.set(node.name.value, node),
      'Document:exit': (document) => {
        for (const [name, node] of types) {
          if (name.endsWith('Edge')) {
            const wrapped = node.fields.find((field) => field.name.value === 'node');
            check(wrapped && types.get(nameOf(wrapped.gqlType)), `connections of it end in ${name}`);
          } else if (node.fields.some((field) => field.name.value === 'id')) {
            check(node, 'it has an id');
          }
        }
        for (const name of values) {
          if (!types.has(name) || implementsNode(types.get(name))) context.report({ node: document, messageId: 'stale', data: { name } });
        }
      },
    };

    function check(node, why) {
      if (!node || implementsNode(node) || values.has(node.name.value)) return;
      context.report({ node: node.name, messageId: 'missing', data: { name: node.name.value, why } });
    }
  },
};

function implementsNode(node) {
  return node.interfaces.some((one) => one.name.value === 'Node');
}

/** Lists can be paged forwards and backwards, but for those that are named. */
export const bothWays = {
  meta: {
    type: 'problem',
    docs: { description: 'Connections take first, after, last and before.' },
    schema: [{ type: 'object', properties: { forwardOnly: { type: 'array', items: { type: 'string' } } }, additionalProperties: false }],
    messages: {
      missing: '`{{path}}` must take `{{argument}}`, as every list does.',
      stale: '`{{path}}` pages backwards or is gone: take it off the list in eslint.config.mjs.',
    },
  },
  create(context) {
    const forwardOnly = new Set(context.options[0]?.forwardOnly);
    const seen = new Set();
    return {
      FieldDefinition(node) {
        if (!nameOf(node.gqlType).endsWith('Connection')) return;
        const path = `${node.parent.name.value}.${node.name.value}`;
        const given = node.arguments.map((argument) => argument.name.value);
        for (const argument of ['first', 'after', 'last', 'before']) {
          if (given.includes(argument)) continue;
          if (forwardOnly.has(path) && (argument === 'last' || argument === 'before')) seen.add(path);
          else context.report({ node: node.name, messageId: 'missing', data: { path, argument } });
        }
      },
      'Document:exit': (document) => {
        for (const path of forwardOnly) {
          if (!seen.has(path)) context.report({ node: document, messageId: 'stale', data: { path } });
        }
      },
    };
  },
};
