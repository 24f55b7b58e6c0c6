#!/usr/bin/python3
"""A window of WebKitGTK that WebKitWebDriver drives, with its profile in the folder that is named.

WebKitGTK's own MiniBrowser keeps nothing on disk when it is automated, its --cookies-file neither,
and its toolbar is 447 pixels wide at least.
"""

import sys

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import Gtk, WebKit2


def main(profile):
    manager = WebKit2.WebsiteDataManager(base_data_directory=profile, base_cache_directory=profile)
    context = WebKit2.WebContext(website_data_manager=manager)
    context.get_cookie_manager().set_persistent_storage(
        f"{profile}/cookies", WebKit2.CookiePersistentStorage.SQLITE
    )
    context.set_automation_allowed(True)
    context.connect("automation-started", start)
    Gtk.main()


def start(context, session):
    # Without a name and a version the driver takes it for no browser.
    info = WebKit2.ApplicationInfo()
    info.set_name("WebKitGTK")
    info.set_version(
        WebKit2.get_major_version(), WebKit2.get_minor_version(), WebKit2.get_micro_version()
    )
    session.set_application_info(info)
    session.connect("create-web-view", lambda _session: show(controlled(context)))


def controlled(context):
    return WebKit2.WebView(web_context=context, is_controlled_by_automation=True)


def show(view):
    window = Gtk.Window(default_width=1280, default_height=800)
    window.add(view)
    view.connect("close", lambda _view: window.destroy())
    # A link or a form that opens a tab. What is related to a view is controlled as that is.
    view.connect("create", lambda opener, _: show(WebKit2.WebView.new_with_related_view(opener)))
    window.show_all()
    return view


main(sys.argv[1])
