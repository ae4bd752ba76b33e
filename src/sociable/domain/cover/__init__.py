"""The pure rules of cover: what a shift must keep to, who is there when, and where nobody is."""
