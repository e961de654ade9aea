// Validates pages for browser_html.py: each line in is one page as a JSON string, each line out the list of its faults.
// Run as: node browser_html.cjs FOLDER-OF-NODE-MODULES
const { createInterface } = require("node:readline");
const { HtmlValidate } = require(`${process.argv[2]}/html-validate`);

const validator = new HtmlValidate({
  root: true,
  extends: ["html-validate:standard", "html-validate:recommended", "html-validate:document"],
  rules: {
    // Of style, where the standard leaves it free.
    "doctype-style": "off",
    "no-trailing-whitespace": "off",
    "void-style": "off",
    // Check boxes of one question share a name, as the standard has it; brackets after it are a habit of one language.
    "form-dup-name": ["error", { shared: ["radio", "checkbox", "button", "reset", "submit"] }],
    // What we serve ourselves is not proven to come from us.
    "require-sri": ["error", { target: "crossorigin" }],
  },
});

createInterface({ input: process.stdin }).on("line", (line) => {
  const { results } = validator.validateStringSync(JSON.parse(line));
  const faults = results
    .flatMap(({ messages }) => messages)
    .map(({ line, column, ruleId, message }) => `line ${line}:${column} ${ruleId}: ${message}`);
  process.stdout.write(JSON.stringify(faults) + "\n");
});
