// The explorer as a widget.

import { Explorer } from "./explorer.js";

export default {
  render({ model, el }) {
    const explorer = new Explorer(model, el);
    return () => explorer.remove();
  },
};
