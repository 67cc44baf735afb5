(section (atx_heading)) @container
