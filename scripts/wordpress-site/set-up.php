<?php
// Fills the empty database: the site, its people and their application passwords. Prints the
// credentials as lines to `source`.
if ( PHP_SAPI !== 'cli' ) {
	exit( 1 );
}
$site_dir             = getenv( 'MCMP_SITE_DIR' );
$_SERVER['HTTP_HOST'] = $argv[1];

$database = new mysqli( 'localhost', 'root', '', '', 0, $site_dir . '/run/db.sock' );
$database->query( 'DROP DATABASE IF EXISTS wordpress' );
$database->query( 'CREATE DATABASE wordpress CHARACTER SET utf8mb4' );
$database->close();

define( 'WP_INSTALLING', true );
require $site_dir . '/site/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';

wp_install( 'MCMP test site', 'admin', 'admin@example.com', true, '', wp_generate_password( 32 ) );
update_option( 'permalink_structure', '/%year%/%monthnum%/%postname%/' );
update_option( 'timezone_string', 'Europe/Berlin' );
update_option( 'large_size_w', 1024 );

$people = array(
	''        => 'editor',
	'AUTHOR'  => 'author',
	'READER'  => 'subscriber',
	'ADMIN'   => 'admin',
);
foreach ( $people as $prefix => $name ) {
	$user = get_user_by( 'login', $name );
	$id   = $user ? $user->ID : wp_insert_user(
		array(
			'user_login'   => $name,
			'user_pass'    => wp_generate_password( 32 ),
			'user_email'   => $name . '@example.com',
			'display_name' => ucfirst( $name ),
			'role'         => $name,
		)
	);
	$made = is_wp_error( $id )
		? $id
		: WP_Application_Passwords::create_new_application_password( $id, array( 'name' => 'MCMP' ) );
	if ( is_wp_error( $made ) ) {
		fwrite( STDERR, $made->get_error_message() . "\n" );
		exit( 1 );
	}
	$prefix = $prefix === '' ? 'WP' : 'WP_' . $prefix;
	echo $prefix, '_USER=', $name, "\n", $prefix, '_PASSWORD=', $made[0], "\n";
}
