// A form as a separate widget.
import { listen, widgetRoot } from "./common.js";
import { renderForm } from "./form.js";

/** @import { WidgetModel } from "./common.js" */

/** @param {{ model: WidgetModel, el: HTMLElement }} context */
function render({ model, el: host }) {
  const { root, leave } = widgetRoot(model, host, "Webhook form");
  const form = renderForm(root, { send: (message) => model.send(message), on: (take) => listen(model, take) }, null);
  model.send({ kind: "hello" });
  return () => {
    leave();
    form.destroy();
  };
}

export default { render };
