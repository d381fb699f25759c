// Opens and closes <dialog>: a button with data-opens="id" opens it, data-closes closes the one around it.
export function dialogs(root: ParentNode): void {
  for (const button of root.querySelectorAll<HTMLElement>("[data-opens]")) {
    button.onclick = (e) => {
      const dialog = document.getElementById(button.dataset["opens"] ?? "");
      if (!(dialog instanceof HTMLDialogElement)) return;
      e.preventDefault();
      dialog.showModal();
    };
  }
  for (const button of root.querySelectorAll<HTMLElement>("dialog [data-closes]")) {
    button.onclick = (e) => {
      e.preventDefault();
      button.closest("dialog")?.close();
    };
  }
  for (const button of root.querySelectorAll<HTMLElement>("[data-dismisses]")) {
    button.onclick = () => button.closest(".toast")?.remove();
  }
  for (const button of root.querySelectorAll<HTMLElement>("[data-prints]")) button.onclick = () => window.print();
}
