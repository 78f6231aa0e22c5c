// A classic script in <head>, before any style paints: decides the theme. `?theme=dark|light` wins, then the cookie (shared by all
// ports of this host, which local storage is not), then the system's preference, followed live.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const stored = () => document.cookie.match(/(?:^|; )obstack_theme=(dark|light)/)?.[1];
  const asked = new URLSearchParams(location.search).get("theme");
  let forced = asked === "dark" || asked === "light" ? asked : undefined;
  const apply = () => {
    const theme = forced ?? stored() ?? (dark.matches ? "dark" : "light");
    if (document.documentElement.dataset.theme === theme) return;
    document.documentElement.dataset.theme = theme;
    dispatchEvent(new CustomEvent("themechange", { detail: theme }));
  };
  dark.addEventListener("change", apply);
  addEventListener("focus", apply);
  apply();
  globalThis.obstackTheme = {
    current: () => document.documentElement.dataset.theme,
    /** @param {"dark"|"light"|"system"} theme */
    set(theme) {
      forced = undefined;
      document.cookie = theme === "system"
        ? "obstack_theme=; path=/; max-age=0; samesite=lax"
        : `obstack_theme=${theme}; path=/; max-age=31536000; samesite=lax`;
      apply();
    },
  };
})();
